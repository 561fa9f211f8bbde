/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether this machine is a virtual one, or an emulated one, as far as it lets itself be known: what
 * points to it, and how sure that is. Certain is what a hypervisor says of itself; likely, what
 * machines of one look like. That nothing points to one proves nothing: who hides it can. Nothing is
 * timed: what a trap costs tells a loaded machine from an idle one rather than a virtual from a real.
 */
#include <cpuid.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/text.h"

#define DMI	 "sys/class/dmi/id/"
#define LEAF	 0x40000000u /* the hypervisor's own */
#define DEVICES	 512	     /* on PCI that are looked at */
#define ACPI_OEM 10	     /* where a table's header has its maker: ACPI 6.5, 5.2.6 */

enum sureness { UNLIKELY, LIKELY, CERTAIN };

struct sign {
	const char *text;	/* what is found */
	const char *hypervisor; /* what it is then */
	enum sureness sureness;
	bool is_emulator; /* also of the processor */
};

/* KVM and others show these where there is one; CPUID, 0x40000000. */
static const struct sign signatures[] = {
	{"KVMKVMKVM", "kvm", CERTAIN, false},
	{"Linux KVM Hv", "kvm", CERTAIN, false},
	{"TCGTCGTCGTCG", "qemu-tcg", CERTAIN, true},
	{"VMwareVMware", "vmware", CERTAIN, false},
	{"Microsoft Hv", "hyperv", CERTAIN, false},
	{"XenVMMXenVMM", "xen", CERTAIN, false},
	{"VBoxVBoxVBox", "virtualbox", CERTAIN, false},
	{"bhyve bhyve ", "bhyve", CERTAIN, false},
	{" lrpepyh  vr", "parallels", CERTAIN, false},
	{"prl hyperv  ", "parallels", CERTAIN, false},
	{"ACRNACRNACRN", "acrn", CERTAIN, false},
	{"QNXQVMBSQG", "qnx", CERTAIN, false},
	{"SRESRESRESRE", "lockheed", CERTAIN, false},
	{"UnisysSpar64", "unisys", CERTAIN, false},
	{"Jailhouse\0\0\0", "jailhouse", CERTAIN, false},
};

/* Beginnings of what DMI says; a maker of boards may call himself anything, so none is certain. */
static const struct sign names[] = {
	{"QEMU", "qemu", LIKELY, false},
	{"Standard PC (", "qemu", LIKELY, false},
	{"KVM", "kvm", LIKELY, false},
	{"VMware", "vmware", LIKELY, false},
	{"VirtualBox", "virtualbox", LIKELY, false},
	{"innotek GmbH", "virtualbox", LIKELY, false},
	{"Virtual Machine", "hyperv", LIKELY, false},
	{"HVM domU", "xen", LIKELY, false},
	{"Xen", "xen", LIKELY, false},
	{"Bochs", "bochs", LIKELY, true},
	{"Parallels", "parallels", LIKELY, false},
	{"BHYVE", "bhyve", LIKELY, false},
	{"Google Compute Engine", "kvm", LIKELY, false},
	{"OpenStack", "kvm", LIKELY, false},
	{"DigitalOcean", "kvm", LIKELY, false},
	{"Apple Virtualization", "apple", LIKELY, false},
	{"Android Emulator", "android", LIKELY, true},
};

/* Makers of ACPI tables. */
static const struct sign makers[] = {
	{"BOCHS ", "qemu", LIKELY, false},
	{"BXPC", "qemu", LIKELY, false},
	{"VBOX  ", "virtualbox", LIKELY, false},
	{"VMWARE", "vmware", LIKELY, false},
	{"Xen", "xen", LIKELY, false},
	{"VRTUAL", "hyperv", LIKELY, false},
	{"BHYVE ", "bhyve", LIKELY, false},
	{"GOOGLE", "kvm", LIKELY, false},
	{"PRLS", "parallels", LIKELY, false},
};

/* Vendors of PCI whose devices there are as programs only, or mostly so. */
static const struct sign vendors[] = {
	{"0x1b36", "qemu", LIKELY, false}, {"0x1234", "qemu", LIKELY, false},
	{"0x15ad", "vmware", LIKELY, false}, {"0x80ee", "virtualbox", LIKELY, false},
	{"0x1414", "hyperv", LIKELY, false}, {"0x5853", "xen", LIKELY, false},
	{"0x1ab8", "parallels", LIKELY, false},
	{"0x1af4", "virtio", LIKELY, false}, /* there are network cards that look so */
};

struct finding {
	enum sureness sureness, emulated;
	const char *hypervisor; /* of the surest sign, the first of them */
	char by[SURVEY_TEXT_SIZE];
	unsigned int looked; /* at how many kinds of signs */
};

static void found(struct finding *finding, const struct sign *sign, const char *where)
{
	size_t used = strlen(finding->by);

	if (!finding->hypervisor || sign->sureness > finding->sureness)
		finding->hypervisor = sign->hypervisor;
	if (sign->sureness > finding->sureness)
		finding->sureness = sign->sureness;
	if (sign->is_emulator && sign->sureness > finding->emulated)
		finding->emulated = sign->sureness;
	(void)snprintf(finding->by + used, sizeof(finding->by) - used, "%s%s:%.16s",
		used ? " " : "", where, sign->text); /* cut */
}

static const struct sign *find(const struct sign *signs, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (!strncasecmp(signs[i].text, text, strlen(signs[i].text)))
			return &signs[i];
	return NULL;
}

#define FIND(signs, text) find(signs, sizeof(signs) / sizeof((signs)[0]), text)

void survey_processor(struct survey_processor *ret_processor)
{
	*ret_processor = (struct survey_processor){0};
#if defined(__x86_64__) || defined(__i386__)
	uint32_t eax, ebx, ecx, edx, words[3];

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
		return;
	ret_processor->is_known = true;
	ret_processor->is_hypervised = ecx >> 31; /* reserved for hypervisors by both makers */
	/* Not by __get_cpuid(), which asks whether the leaf is there as processors count them. */
	__cpuid(LEAF, eax, words[0], words[1], words[2]);
	memcpy(ret_processor->signature, words, sizeof(words));
#endif
}

static void look_processor(const struct survey *survey, struct finding *finding)
{
	static const struct sign bit = {"hypervisor", "unknown", CERTAIN, false};
	const struct survey_processor *processor = &survey->processor;
	const struct sign *sign;

	if (!processor->is_known)
		return;
	finding->looked++;
	sign = FIND(signatures, processor->signature);
	if (sign) /* also when the bit is hidden: no processor answers so by itself */
		found(finding, sign, "cpuid");
	else if (processor->is_hypervised)
		found(finding, &bit, "cpuid");
}

static void look_names(const struct survey *survey, struct finding *finding)
{
	static const char *const files[] = {DMI "sys_vendor", DMI "product_name", DMI "bios_vendor",
		DMI "board_vendor", DMI "chassis_vendor"};
	char text[SURVEY_TEXT_SIZE];
	const struct sign *last = NULL;
	bool has_any = false;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct sign *sign;

		if (!fact_read(survey->root_fd, files[i], text))
			continue;
		has_any = true;
		sign = FIND(names, text);
		if (sign && sign != last)
			found(finding, sign, "dmi");
		last = sign ? sign : last;
	}
	finding->looked += has_any;
}

static void look_tables(const struct survey *survey, struct finding *finding)
{
	char header[ACPI_OEM + 7] = "";
	const struct sign *sign;

	if (survey->secrets.acpi < 0 || pread(survey->secrets.acpi, header, sizeof(header) - 1,
						0) != (ssize_t)sizeof(header) - 1)
		return;
	finding->looked++;
	sign = FIND(makers, header + ACPI_OEM);
	if (sign)
		found(finding, sign, "acpi");
}

static void look_devices(const struct survey *survey, struct finding *finding)
{
	int fd = openat(survey->root_fd, "sys/bus/pci/devices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *devices = fd < 0 ? NULL : fdopendir(fd);
	bool is_told[sizeof(vendors) / sizeof(vendors[0])] = {false};
	unsigned int count = 0;

	for (struct dirent *entry; devices && count < DEVICES && (entry = readdir(devices));) {
		char path[300], text[SURVEY_TEXT_SIZE];
		const struct sign *sign;

		(void)snprintf(path, sizeof(path), "%s/vendor", entry->d_name);
		if (entry->d_name[0] == '.' || !fact_read(fd, path, text))
			continue;
		count++;
		sign = FIND(vendors, text);
		if (sign && !is_told[sign - vendors]) {
			is_told[sign - vendors] = true;
			found(finding, sign, "pci");
		}
	}
	finding->looked += count > 0;
	if (devices)
		(void)closedir(devices); /* read only */
	else if (fd >= 0)
		(void)close(fd); /* likewise */
}

/* What the kernel found out itself: sysfs-hypervisor-xen, and a device tree's node. */
static void look_kernel(const struct survey *survey, struct finding *finding)
{
	static const char *const files[] = {
		"sys/hypervisor/type", "proc/device-tree/hypervisor/compatible"};
	char text[SURVEY_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct sign sign = {text, "kvm", CERTAIN, false};

		if (!fact_read(survey->root_fd, files[i], text))
			continue;
		if (strstr(text, "xen"))
			sign.hypervisor = "xen";
		found(finding, &sign, i ? "device-tree" : "sysfs");
	}
}

/* QEMU without KVM names its processor; the model's name is the emulator's to choose. */
static bool on_cpu_line(const char *line, void *userdata)
{
	static const struct sign model = {"QEMU Virtual CPU", "qemu", LIKELY, false};
	struct finding *finding = userdata;
	const char *value = strchr(line, ':');

	if (strncmp(line, "model name", 10) != 0 || !value)
		return true;
	if (strstr(value, model.text))
		found(finding, &model, "cpu");
	return false;
}

static const char *word_of(const struct finding *finding, enum sureness sureness)
{
	static const char *const words[] = {
		[UNLIKELY] = "none", [LIKELY] = "likely", [CERTAIN] = "certain"};

	return sureness == UNLIKELY && !finding->looked ? "unknown" : words[sureness];
}

void survey_virtual(const struct survey *survey)
{
	struct finding finding = {0};

	look_processor(survey, &finding);
	look_names(survey, &finding);
	look_tables(survey, &finding);
	look_devices(survey, &finding);
	look_kernel(survey, &finding);
	fact_lines(survey->root_fd, "proc/cpuinfo", on_cpu_line, &finding);
	fact_show(survey, "virtual", word_of(&finding, finding.sureness));
	fact_show(survey, "emulated", word_of(&finding, finding.emulated));
	fact_show(survey, "hypervisor", finding.hypervisor ? finding.hypervisor : "");
	fact_show(survey, "virtual_by", finding.by);
}
