/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hf-road ROAD SOURCE TARGET [ARGUMENT...]: walks one road out of a labelled file. Installed twice
 * by the cases: as hf-road-allowed, which the policy lets open the source, and as hf-road-plain.
 * hf-road @VERB ... is the other side of a road; see plain.c. Exit status: enum road_exit.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "roads.h"

#define ROAD_TIMEOUT_S 20

static const struct road *const families[] = {
	roads_files,
	roads_names,
	roads_splice,
	roads_uring,
	roads_rings,
	roads_open,
	roads_descriptors,
	roads_process,
	roads_trace,
	roads_network,
	roads_packet,
	roads_devices,
	roads_ipc,
	roads_handover,
	roads_chain,
	roads_loopback,
	roads_shared,
};

#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

static const struct road *find_road(const char *name)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		for (const struct road *road = families[i]; road->name; road++)
			if (!strcmp(road->name, name))
				return road;
	return NULL;
}

static void list_roads(void)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		for (const struct road *road = families[i]; road->name; road++)
			puts(road->name);
}

static int usage(void)
{
	fputs("usage: hf-road ROAD SOURCE TARGET [ARGUMENT...]\n"
	      "       hf-road --list\n"
	      "       hf-road @VERB [ARGUMENT...]\n",
		stderr);
	return ROAD_EXIT_BROKEN;
}

static int walk(const struct road *road, char **argv)
{
	struct job job = {
		.source = argv[2],
		.target = argv[3],
		.may_refuse_read = road->may_refuse_read,
		.source_fd = -EBADF,
	};
	int r;

	for (int i = 0; i < ROAD_ARG_MAX && argv[4 + i]; i++)
		job.arg[i] = argv[4 + i];
	job.content = aligned_alloc(4096, ROAD_CONTENT_MAX);
	if (!job.content)
		return -ENOMEM;
	memset(job.content, 0, ROAD_CONTENT_MAX);
	r = road->run(&job);
	free(job.content);
	return r;
}

int main(int argc, char **argv)
{
	const char *tag = getenv("HF_ROAD_TAG");
	const struct road *road;

	setvbuf(stdout, NULL, _IONBF, 0);
	(void)signal(SIGPIPE, SIG_IGN); /* EPIPE tells more */
	alarm(ROAD_TIMEOUT_S);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list_roads();
		return 0;
	}
	if (argc >= 2 && tag)
		(void)prctl(PR_SET_NAME, tag); /* a longer one is cut, which is what is wanted */
	if (argc >= 2 && argv[1][0] == '@')
		exit_road(plain_verb(argv[1], argc - 2, argv + 2));
	printf("pid %d\n", (int)getpid()); /* the last word before anything is read */
	if (argc < 4 || argc > 4 + ROAD_ARG_MAX)
		return usage();
	road = find_road(argv[1]);
	if (!road)
		return usage();
	exit_road(walk(road, argv));
}
