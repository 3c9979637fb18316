import { describe, it } from '@jest/globals';
import { specifyDecision } from 'nestjs-factstr/testing';
import { ALGEBRA, algebra, refusal } from '../testing/examples.js';
import { defineCourse } from './define-course.js';

describe('Defining a course', () => {
  it('is a fact', () => specifyDecision(defineCourse).given().when(ALGEBRA).then(algebra));

  it('is refused where the id is taken', () =>
    specifyDecision(defineCourse)
      .given(algebra)
      .when({ ...ALGEBRA, title: 'Topology' })
      .thenRefuses(
        refusal('course-id-taken', 'The course id algebra belongs to “Linear algebra”.'),
      ));
});
