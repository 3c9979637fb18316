import { defineDecision, fact } from 'nestjs-factstr';
import { UnknownEntity } from '../rule-violation.js';
import { placeIn, placeModels } from './place.js';

export const withdraw = defineDecision(placeModels, (state, command) => {
  const { title, name, students } = placeIn(state, command);
  if (students.includes(command.student_id)) return fact('student-withdrawn', command);
  throw new UnknownEntity('not-enrolled', `${name} is not enrolled in “${title}”.`);
});
