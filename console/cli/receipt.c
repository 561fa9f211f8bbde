/* SPDX-License-Identifier: Apache-2.0 */
#include "console/cli/receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/lease.h"
#include "common/signing.h"
#include "console/authority/ca_files.h"
#include "console/cli/cli.h"

int receipt_read(const char *path, char *ret_bytes, size_t size)
{
	auto_close int fd = !strcmp(path, "-") ? dup(STDIN_FILENO)
					       : open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while (used < size && (got = read(fd, ret_bytes + used, size - used)) > 0)
		used += (size_t)got;
	return used == size ? -EFBIG : (int)used;
}

X509_STORE *receipt_anchors(const char *ca)
{
	static char pem[SIGNING_KEY_MAX];
	char path[PATH_MAX];
	X509_STORE *anchors;
	int size;

	cli_path(path, sizeof(path), CLI_AUTHORITY_DIRECTORY, CA_ROOT_CERTIFICATE);
	if (!ca)
		ca = path;
	size = receipt_read(ca, pem, sizeof(pem));
	if (size < 0) {
		(void)cli_refuse("cannot read '%s': %s; say --ca FILE, the root certificate", ca,
			strerror(-size));
		return NULL;
	}
	anchors = lease_anchors(pem, (size_t)size);
	if (!anchors)
		(void)cli_refuse("'%s' holds no certificate", ca);
	return anchors;
}
