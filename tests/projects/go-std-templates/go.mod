module example.test/guestbook

go 1.24
