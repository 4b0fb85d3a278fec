<?php
require __DIR__ . '/../inc/db.php';

$dances = db()->query('select title, at from dances where at > now() order by at')->fetchAll();
include __DIR__ . '/../inc/header.php';
?>
<ul>
<?php foreach ($dances as $d): ?>
  <li><?= htmlspecialchars($d['title']) ?>, <?= date('j.n. G:i', strtotime($d['at'])) ?></li>
<?php endforeach ?>
</ul>
</body>
</html>
