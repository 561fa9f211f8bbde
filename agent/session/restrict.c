/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/restrict.h"

#include <string.h>
#include <sys/prctl.h>

#include "common/filter.h"
#include "common/log.h"

void restrict_self(unsigned int groups)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot give up new privileges: %m, stopping");
	r = filter_load(groups);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}
