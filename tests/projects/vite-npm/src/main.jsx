import { useState } from "react";
import { createRoot } from "react-dom/client";

function Stopwatch() {
  const [laps, setLaps] = useState(0);
  return <button onClick={() => setLaps(laps + 1)}>{import.meta.env.VITE_LABEL ?? "Lap"} {laps}</button>;
}

createRoot(document.getElementById("root")).render(<Stopwatch />);
