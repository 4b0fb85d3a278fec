<?php
/** Excerpt: the tree holds the rest of WordPress on the server. */
$wp_version           = '6.7.1';
$wp_db_version        = 58975;
$required_php_version = '7.2.24';
