/* SPDX-License-Identifier: Apache-2.0 */
/* Exit status: a result, or APART_MAX and the errno. */
#include "agent/vault/apart.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

int apart(int (*step)(const void *what), const void *what)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (child == 0) {
		int r = step(what);

		_exit(r >= 0 ? r : APART_MAX - r);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	status = WEXITSTATUS(status);
	return status <= APART_MAX ? status : APART_MAX - status;
}
