/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases from a file, or from whoever sits at the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "console/cli/policy.h"

static void cut_line(char *text, ssize_t size)
{
	text[size] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
}

/* Typed in without being shown. */
static int passphrase_ask(const char *what, char ret_passphrase[POLICY_PASSPHRASE_SIZE])
{
	auto_close int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before, silent;
	ssize_t size;

	if (fd < 0 || tcgetattr(fd, &before) < 0)
		return cli_refuse("there is no terminal to ask for the passphrase of the %s: say "
				  "--passphrase-file",
			what);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)dprintf(fd, "Passphrase of the %s: ", what); /* a terminal that is gone, below */
	(void)tcsetattr(fd, TCSAFLUSH, &silent);
	size = read(fd, ret_passphrase, POLICY_PASSPHRASE_SIZE - 1);
	(void)tcsetattr(fd, TCSAFLUSH, &before); /* as it was, as far as it goes */
	(void)dprintf(fd, "\n");
	if (size <= 0)
		return cli_refuse("no passphrase was typed in");
	cut_line(ret_passphrase, size);
	return 0;
}

int passphrase_read(const char *path, const char *what, char ret_passphrase[POLICY_PASSPHRASE_SIZE])
{
	auto_close int fd = -EBADF;
	ssize_t size;

	if (!path)
		return passphrase_ask(what, ret_passphrase);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, ret_passphrase, POLICY_PASSPHRASE_SIZE - 1);
	if (size < 0)
		return cli_refuse("cannot read '%s': %s", path, strerror(errno));
	cut_line(ret_passphrase, size);
	return 0;
}
