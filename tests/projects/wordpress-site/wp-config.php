<?php
define( 'DB_NAME', getenv( 'WORDPRESS_DB_NAME' ) ?: 'chorverein' );
define( 'DB_USER', getenv( 'WORDPRESS_DB_USER' ) ?: 'chorverein' );
define( 'DB_PASSWORD', 'Kv7!tuerkis-Ratsche-19' );
define( 'DB_HOST', getenv( 'WORDPRESS_DB_HOST' ) ?: 'localhost' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );

$table_prefix = 'cv_';

define( 'WP_DEBUG', false );
define( 'DISALLOW_FILE_EDIT', true );

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
