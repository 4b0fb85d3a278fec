# Stands in for php:8.4-apache-trixie where no image hub can be reached: the same programs in the same versions, from Debian,
# laid out as the official image lays them out (PHP_INI_DIR, apache2-foreground, directories that any user may write).
# It has no docker-php-ext-install: a test that needs an extension cannot be proven with it.
FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends apache2 libapache2-mod-php8.4 php8.4-cli php8.4-mbstring php8.4-sqlite3 \
    && rm -rf /var/lib/apt/lists/* /var/www/html/*
ENV PHP_INI_DIR=/etc/php/8.4/apache2 \
    APACHE_CONFDIR=/etc/apache2 \
    APACHE_ENVVARS=/etc/apache2/envvars
RUN sed --regexp-extended --in-place 's/^export ([^=]+)=(.*)$/: ${\1:=\2}\nexport \1/' "$APACHE_ENVVARS" \
    && mkdir -p /var/run/apache2/socks /var/lock/apache2 \
    && chmod 1777 /var/run/apache2 /var/run/apache2/socks /var/lock/apache2 /var/log/apache2 \
    && ln --symbolic --force --no-target-directory /dev/stderr /var/log/apache2/error.log \
    && ln --symbolic --force --no-target-directory /dev/stdout /var/log/apache2/access.log \
    && ln --symbolic --force --no-target-directory /dev/stdout /var/log/apache2/other_vhosts_access.log \
    && cp /usr/lib/php/8.4/php.ini-production "$PHP_INI_DIR/php.ini-production" \
    && printf '%s\n' '<FilesMatch \.php$>' 'SetHandler application/x-httpd-php' '</FilesMatch>' \
       'DirectoryIndex disabled' 'DirectoryIndex index.php index.html' > /etc/apache2/conf-available/docker-php.conf \
    && a2enconf docker-php \
    && printf '%s\n' '#!/bin/bash' 'set -e' '. "$APACHE_ENVVARS"' 'rm -f "$APACHE_PID_FILE"' 'exec apache2 -DFOREGROUND "$@"' \
       > /usr/local/bin/apache2-foreground \
    && chmod 755 /usr/local/bin/apache2-foreground
STOPSIGNAL SIGWINCH
WORKDIR /var/www/html
CMD ["apache2-foreground"]
