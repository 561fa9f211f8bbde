/* SPDX-License-Identifier: Apache-2.0 */
/* Some keys of a file that uplink reads and complains of: all else in it is not looked at. */
#include "agent/keyring/wish.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
	struct wishes *wishes = userdata;

	if (strcmp(section, "console") != 0)
		return 1;
	/* misspelt, it is not the weaker one */
	if (!strcmp(key, "key"))
		wishes->key = !strcmp(value, "auto")   ? KEY_WISH_AUTO
			      : !strcmp(value, "file") ? KEY_WISH_FILE
						       : KEY_WISH_TPM;
	else if (!strcmp(key, "key-memory"))
		wishes->memory = !strcmp(value, "auto")	    ? SECRET_WISH_AUTO
				 : !strcmp(value, "locked") ? SECRET_WISH_LOCKED
							    : SECRET_WISH_SECRET;
	else if (!strcmp(key, "ca"))
		(void)snprintf(wishes->ca, sizeof(wishes->ca), "%s", value); /* uplink complains */
	return 1;
}

void wish_read(const char *path, struct wishes *ret_wishes)
{
	*ret_wishes = (struct wishes){0};
	if (ini_parse(path, on_pair, ret_wishes) < 0)
		log_warning("cannot read '%s': %m, a key goes into a TPM where there is one", path);
}
