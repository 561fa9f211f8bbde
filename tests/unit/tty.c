/* SPDX-License-Identifier: Apache-2.0 */
/* The line on a terminal: whose it may be, that it is clean, and how few. On real pseudo terminals. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/sensor/tty.h"

static int master, slave;
static struct message_tell tell;

static void start(void)
{
	struct stat status;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(master, 0, "no pseudo terminal");
	cr_assert_eq(grantpt(master), 0);
	cr_assert_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(slave, 0, "cannot open '%s'", ptsname(master));
	cr_assert_eq(fstat(slave, &status), 0);
	tell = (struct message_tell){
		.tty = (uint32_t)(major(status.st_rdev) << 20 | minor(status.st_rdev)),
		.uid = status.st_uid,
		.loginuid = UINT32_MAX,
		.text = "holdfast: refused"};
}

static void stop(void)
{
	(void)close(slave); /* gone either way */
	(void)close(master);
}

/* What came to the screen since the last time. */
static const char *screen(void)
{
	static char text[8192];
	struct pollfd readable = {master, POLLIN, 0};
	size_t used = 0;

	while (poll(&readable, 1, 100) == 1) {
		ssize_t got = read(master, text + used, sizeof(text) - 1 - used);

		if (got <= 0)
			break;
		used += (size_t)got;
	}
	text[used] = '\0';
	return text;
}

static unsigned int lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		if (*text == '\n')
			count++;
	return count;
}

TestSuite(tty, .init = start, .fini = stop);

Test(tty, one_line_on_ones_own)
{
	const char *text;

	tty_tell(&tell);
	text = screen();
	cr_expect(strstr(text, "holdfast: refused\r"), "'%s'", text);
	cr_expect_eq(lines(text), 1u);
}

Test(tty, none_on_that_of_another)
{
	tell.uid++;
	tty_tell(&tell);
	cr_expect_str_empty(screen());
	tell.loginuid = tell.uid;
	tty_tell(&tell);
	cr_expect_str_empty(screen());
	tell.loginuid = tell.uid - 1;
	tty_tell(&tell);
	cr_expect_eq(lines(screen()), 1u, "acted as another, but logged in as this one");
}

Test(tty, none_without_a_terminal)
{
	tell.tty = 0;
	tty_tell(&tell);
	tell.tty = 136 << 20 | 0xffff;
	tty_tell(&tell);
	cr_expect_str_empty(screen());
}

Test(tty, nothing_in_it_acts)
{
	strcpy(tell.text, "a\033]0;title\007b\nc\xc2\x9b"
			  "31md");
	tty_tell(&tell);
	cr_expect(strstr(screen(), "a?]0;title?b?c?31md\r"));
}

Test(tty, the_longest_is_one_line)
{
	memset(tell.text, 'x', sizeof(tell.text) - 1);
	tty_tell(&tell);
	cr_expect_eq(lines(screen()), 1u);
}

Test(tty, a_few_a_minute)
{
	for (unsigned int i = 0; i < 500; i++)
		tty_tell(&tell);
	cr_expect_eq(lines(screen()), TTY_LINES_A_MINUTE);
}
