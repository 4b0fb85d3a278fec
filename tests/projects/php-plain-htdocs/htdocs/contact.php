<?php
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    mail(getenv('CONTACT_MAIL') ?: 'office@tanzboden.example', 'Contact form', $_POST['text'] ?? '');
    header('Location: /contact.php?sent=1');
    exit;
}
include __DIR__ . '/../inc/header.php';
?>
<?php if (isset($_GET['sent'])): ?><p>Thank you.</p><?php endif ?>
<form method="post"><textarea name="text"></textarea><button>Send</button></form>
</body>
</html>
