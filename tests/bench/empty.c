/* SPDX-License-Identifier: Apache-2.0 */
/* Attaches every program of an object, says "attached", and keeps them until it is killed. */
#include <bpf/libbpf.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	int r;

	if (argc != 2)
		errx(2, "usage: empty OBJECT");
	object = bpf_object__open_file(argv[1], NULL);
	if (!object)
		err(1, "cannot open '%s'", argv[1]);
	r = bpf_object__load(object);
	if (r < 0)
		errx(1, "cannot load '%s': %s", argv[1], strerror(-r));
	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program))
			warn("cannot attach to '%s', going on without it",
				bpf_program__section_name(program));
	}
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
