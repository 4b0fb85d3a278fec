document.getElementById('print').addEventListener('click', () => {
  window.printer.print(document.getElementById('text').value);
});
