/* SPDX-License-Identifier: Apache-2.0 */
/* One key of a file that uplink reads and complains of: all else in it is not looked at. */
#include "agent/keyring/wish.h"

#include <ini.h>
#include <string.h>

#include "common/log.h"

static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
	enum key_wish *wish = userdata;

	if (strcmp(section, "console") != 0 || strcmp(key, "key") != 0)
		return 1;
	if (!strcmp(value, "auto"))
		*wish = KEY_WISH_AUTO;
	else if (!strcmp(value, "file"))
		*wish = KEY_WISH_FILE;
	else
		*wish = KEY_WISH_TPM; /* misspelt, it is not the weaker one */
	return 1;
}

enum key_wish wish_read(const char *path)
{
	enum key_wish wish = KEY_WISH_AUTO;

	if (ini_parse(path, on_pair, &wish) < 0)
		log_warning("cannot read '%s': %m, a key goes into a TPM where there is one", path);
	return wish;
}
