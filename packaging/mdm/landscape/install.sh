#!/bin/sh
# Landscape: a script for computers that are registered. Attach console-ca.pem and enroll.ini to it:
# attachments are files in LANDSCAPE_ATTACHMENTS, for root alone.
set -eu
: "${LANDSCAPE_ATTACHMENTS:?run by Landscape, with console-ca.pem and enroll.ini attached}"
install -d -m 755 /etc/holdfast
install -m 644 "$LANDSCAPE_ATTACHMENTS/console-ca.pem" /etc/holdfast/console-ca.pem
install -m 600 "$LANDSCAPE_ATTACHMENTS/enroll.ini" /etc/holdfast/enroll.ini
apt-get install -qy holdfast-agent libpam-holdfast
holdfast compliance
