document.querySelector('#rsvp').addEventListener('submit', (event) => {
  event.preventDefault();
  localStorage.setItem('rsvp', new FormData(event.target).get('name'));
});
