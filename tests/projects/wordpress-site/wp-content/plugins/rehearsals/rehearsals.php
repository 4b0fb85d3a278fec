<?php
/**
 * Plugin Name: Rehearsals
 * Description: Lists the next rehearsals with [rehearsals].
 * Version: 0.4
 */
add_shortcode( 'rehearsals', function () {
	$dates = get_option( 'rehearsal_dates', array() );
	return '<ul><li>' . implode( '</li><li>', array_map( 'esc_html', $dates ) ) . '</li></ul>';
} );
