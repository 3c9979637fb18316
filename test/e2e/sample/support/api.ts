/** What an answer of the sample may hold. */
export interface Answer {
  status: number;
  body: {
    sequence_number: string;
    reason?: string;
    message?: string;
    position: string;
    courses: { course_id: string; title: string; free_seats: number; enrolled: number }[];
    facts: { sequence_number: string; event_type: string; payload: Record<string, unknown> }[];
    head: string;
    next_before: string | null;
    read_model: { position: string; lag: string };
    projections: { name: string; state: string; position: string; head: string; lag: string }[];
  };
}

/** Calls a process of the sample over HTTP. */
export async function call(
  url: string,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** A course and its students, by ids that read well in a failure's message. */
export async function prepareCourse(
  url: string,
  capacity: number,
  students: number,
): Promise<void> {
  await call(url, 'POST', '/courses', { course_id: 'algebra', title: 'Linear algebra', capacity });
  for (let number = 1; number <= students; number++) {
    const student = { student_id: `student-${number}`, name: `Student ${number}` };
    await call(url, 'POST', '/students', student);
  }
}
