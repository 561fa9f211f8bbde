/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts guest instructions per operation, from inside. QEMU's -icount shift=0 lets one instruction
 * take one virtual nanosecond, and the time stamp counter is that virtual clock (icount_get() in
 * QEMU's cpu_get_ticks()), so that a difference of two readings is a number of instructions.
 *
 * Batches are shorter than the timer's period; their median is free of interrupts and of work
 * deferred to them, their mean is not. Both are printed, one operation a line:
 *	op NAME MEDIAN MEAN
 *
 * usage: bench DIRECTORY TINY	measures on DIRECTORY/data and by running the program TINY
 *	  bench DIRECTORY TINY OPERATION	only that one
 *	  bench hold FILE	reads FILE and sleeps
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "partner.h"

#define BATCH_MAX  400
#define BLOCK_SIZE 4096
#define SEND_SIZE  1024

static char data_path[4096];
static char *tiny_path;
static int data_fd = -EBADF;
static int listen_fd = -EBADF;
static int sender_fd = -EBADF, receiver_fd = -EBADF;
static struct partner by_pipes, by_sockets;
static char block[BLOCK_SIZE];

struct operation {
	const char *name;
	uint64_t (*run)(void); /* returns the instructions it took */
	unsigned int in_batch;
	unsigned int batches;
};

static inline uint64_t instructions_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t run_nothing(void)
{
	uint64_t begin = instructions_now();

	return instructions_now() - begin;
}

static uint64_t run_open_close(void)
{
	uint64_t begin = instructions_now();
	int fd = open(data_path, O_RDONLY);

	close(fd);
	begin = instructions_now() - begin;
	if (fd < 0)
		err(1, "cannot open '%s'", data_path);
	return begin;
}

static uint64_t run_stat(void)
{
	struct stat status;
	uint64_t begin = instructions_now();
	int r = stat(data_path, &status);

	begin = instructions_now() - begin;
	if (r < 0)
		err(1, "cannot stat '%s'", data_path);
	return begin;
}

static uint64_t run_read(void)
{
	uint64_t begin = instructions_now();
	ssize_t n = pread(data_fd, block, sizeof(block), 0);

	begin = instructions_now() - begin;
	if (n != sizeof(block))
		err(1, "cannot read '%s'", data_path);
	return begin;
}

static uint64_t run_write(void)
{
	uint64_t begin = instructions_now();
	ssize_t n = pwrite(data_fd, block, sizeof(block), 0);

	begin = instructions_now() - begin;
	if (n != sizeof(block))
		err(1, "cannot write '%s'", data_path);
	return begin;
}

static uint64_t run_fork_exec(void)
{
	char *arguments[] = {tiny_path, NULL}, *environment[] = {NULL};
	uint64_t begin = instructions_now();
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		execve(tiny_path, arguments, environment);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	begin = instructions_now() - begin;
	if (status != 0)
		errx(1, "'%s' ended with status %d", tiny_path, status);
	return begin;
}

/* The end by reset leaves nothing in TIME_WAIT, so that ports don't run out. */
static void socket_reset(int fd)
{
	struct linger linger = {.l_onoff = 1};

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		err(1, "cannot set SO_LINGER");
	close(fd);
}

static int connect_and_send(int fd, const struct sockaddr_in *address)
{
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return send(fd, block, SEND_SIZE, 0) == SEND_SIZE ? 0 : -errno;
}

static uint64_t run_connect_send(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	uint64_t begin;
	int fd, peer_fd, r;

	if (getsockname(listen_fd, (struct sockaddr *)&address, &size) < 0)
		err(1, "cannot tell the listener's address");
	begin = instructions_now();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	r = connect_and_send(fd, &address);
	begin = instructions_now() - begin;
	if (r < 0)
		errx(1, "cannot connect and send: %s", strerror(-r));
	peer_fd = accept(listen_fd, NULL, NULL);
	if (peer_fd < 0 || recv(peer_fd, block, SEND_SIZE, MSG_WAITALL) != SEND_SIZE)
		err(1, "cannot receive");
	socket_reset(peer_fd);
	socket_reset(fd);
	return begin;
}

static uint64_t run_send(void)
{
	uint64_t begin = instructions_now();
	ssize_t n = send(sender_fd, block, SEND_SIZE, 0);

	begin = instructions_now() - begin;
	if (n != SEND_SIZE || recv(receiver_fd, block, SEND_SIZE, MSG_WAITALL) != SEND_SIZE)
		err(1, "cannot send and receive");
	return begin;
}

static uint64_t run_round(const struct partner *partner, size_t size)
{
	uint64_t begin = instructions_now();
	int r = partner_round(partner, size);

	begin = instructions_now() - begin;
	if (r < 0)
		errx(1, "cannot send there and back: %s", strerror(-r));
	return begin;
}

static uint64_t run_pipe_1(void)
{
	return run_round(&by_pipes, 1);
}

static uint64_t run_pipe_64k(void)
{
	return run_round(&by_pipes, PARTNER_MAX);
}

static uint64_t run_unix_1(void)
{
	return run_round(&by_sockets, 1);
}

static uint64_t run_unix_64k(void)
{
	return run_round(&by_sockets, PARTNER_MAX);
}

static const struct operation operations[] = {
	{"open+close", run_open_close, 16, 400},
	{"stat", run_stat, 16, 400},
	{"read-4k", run_read, 16, 400},
	{"write-4k", run_write, 16, 400},
	{"fork+exec", run_fork_exec, 1, 400},
	{"connect+send", run_connect_send, 1, 400},
	{"send", run_send, 8, 400},
	{"pipe-1", run_pipe_1, 1, 400},
	{"pipe-64k", run_pipe_64k, 1, 400},
	{"unix-1", run_unix_1, 1, 400},
	{"unix-64k", run_unix_64k, 1, 400},
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Instructions of one run: the median over batches, and the mean. */
static double measure(const struct operation *operation, double *ret_mean)
{
	static uint64_t totals[BATCH_MAX];
	uint64_t all = 0;

	for (unsigned int i = 0; i < operation->in_batch * operation->batches / 8 + 1; i++)
		(void)operation->run(); /* warms caches, slabs and the page cache */
	for (unsigned int i = 0; i < operation->batches; i++) {
		totals[i] = 0;
		for (unsigned int j = 0; j < operation->in_batch; j++)
			totals[i] += operation->run();
		all += totals[i];
	}
	qsort(totals, operation->batches, sizeof(totals[0]), compare);
	*ret_mean = (double)all / operation->batches / operation->in_batch;
	return (double)totals[operation->batches / 2] / operation->in_batch;
}

static double loop_ratio(uint64_t rounds)
{
	uint64_t left = rounds, begin = instructions_now();

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(left));
	return (double)(instructions_now() - begin) / (double)(2 * rounds);
}

/* Refuses to measure with a clock that does not count instructions. */
static void calibrate(void)
{
	double best = loop_ratio(10000);

	for (int i = 0; i < 20; i++) {
		double ratio = loop_ratio(10000);

		best = ratio < best ? ratio : best; /* the others were interrupted */
	}
	printf("calibration %.4f for each instruction of a known loop\n", best);
	if (best < 0.999 || best > 1.001)
		errx(3, "the time stamp counter does not count instructions: needs -icount "
			"shift=0");
}

static void open_data(const char *directory)
{
	if ((size_t)snprintf(data_path, sizeof(data_path), "%s/data", directory) >=
		sizeof(data_path))
		errx(1, "'%s' is too long", directory);
	data_fd = open(data_path, O_RDWR | O_CLOEXEC);
	if (data_fd < 0)
		err(1, "cannot open '%s'", data_path);
}

static void open_sockets(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(listen_fd, 16) < 0 ||
		getsockname(listen_fd, (struct sockaddr *)&address, &size) < 0)
		err(1, "cannot listen");
	sender_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(sender_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "cannot connect");
	receiver_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (receiver_fd < 0)
		err(1, "cannot accept");
}

static int hold(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, block, sizeof(block)) < 0)
		err(1, "cannot read '%s'", path);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const struct operation nothing = {"nothing", run_nothing, 16, 400};
	double overhead, mean;

	if (argc != 3 && argc != 4)
		errx(2, "usage: bench DIRECTORY TINY [OPERATION] | bench hold FILE");
	if (!strcmp(argv[1], "hold"))
		return hold(argv[2]);
	tiny_path = argv[2];
	calibrate();
	open_data(argv[1]);
	open_sockets();
	by_pipes = partner_by_pipes();
	by_sockets = partner_by_sockets();
	overhead = measure(&nothing, &mean);
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		double median;

		if (argc == 4 && strcmp(argv[3], operations[i].name))
			continue;
		median = measure(&operations[i], &mean);
		printf("op %s %.1f %.1f\n", operations[i].name, median - overhead, mean - overhead);
		fflush(stdout);
	}
	return 0;
}
