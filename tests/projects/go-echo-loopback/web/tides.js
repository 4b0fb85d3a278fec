fetch("/api/readings")
  .then((r) => r.json())
  .then((rows) => {
    document.getElementById("levels").innerHTML = rows
      .map((r) => `<tr><td>${r.station}</td><td>${r.level.toFixed(2)} m</td></tr>`)
      .join("");
  });
