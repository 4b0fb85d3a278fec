import { useEffect, useState } from 'react';
import { nextQuestion } from './api';

export default function App() {
  const [question, setQuestion] = useState(null);
  useEffect(() => {
    nextQuestion().then(setQuestion);
  }, []);
  return question ? <h2>{question.text}</h2> : <p>Loading…</p>;
}
