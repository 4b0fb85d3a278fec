<!doctype html>
<html lang="de">
<head>
  <meta charset="utf-8">
  <title>Tanzboden</title>
  <link rel="stylesheet" href="/style.css">
</head>
<body>
<nav><a href="/">Dances</a> <a href="/contact.php">Contact</a></nav>
