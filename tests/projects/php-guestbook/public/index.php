<?php
require __DIR__ . '/../src/book.php';

header('Content-Type: text/html; charset=utf-8');
$book = new Book(getenv('GUESTBOOK_FILE') ?: __DIR__ . '/../data/entries.txt');
if (($_SERVER['REQUEST_METHOD'] ?? 'GET') === 'POST') {
    $book->add((string) ($_POST['text'] ?? ''));
}
$wanted = isset($_GET['entry']) ? (int) $_GET['entry'] : null;
?>
<!doctype html>
<title>Guest book</title>
<?php foreach ($book->entries($wanted) as $entry): ?>
<p><?= htmlspecialchars($entry) ?></p>
<?php endforeach ?>
<form method="post"><textarea name="text"></textarea><button>Write</button></form>
