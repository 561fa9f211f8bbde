/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out of machines that lie below a directory, as /sys and /proc have them. */
#include "agent/survey/survey.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EFIVAR "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static char root[64];
static struct survey survey;

static void begin(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/holdfast-survey-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	survey = (struct survey){.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.secrets = {.acpi = -1, .event_log = -1, .lsm_programs = -1},
		.facts = json_object_new_object(),
		.posture = json_object_new_object()};
	cr_assert(survey.root_fd >= 0);
}

static void end(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf -- %s", root);
	(void)!system(command); /* /tmp is cleaned anyway */
	(void)close(survey.root_fd);
	(void)json_object_put(survey.facts);
	(void)json_object_put(survey.posture);
}

TestSuite(survey_posture, .init = begin, .fini = end);

static void put_bytes(const char *path, const void *bytes, size_t size)
{
	char whole[512];
	FILE *file;

	(void)snprintf(whole, sizeof(whole), "%s/%s", root, path);
	for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		(void)mkdir(whole, 0755); /* is there already, most often */
		*at = '/';
	}
	file = fopen(whole, "we");
	cr_assert_not_null(file, "%s", whole);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

/* Of what was found out since the last time; "" = nothing. */
static const char *fact(const char *name)
{
	struct json_object *value, *shown;

	if (!json_object_object_get_ex(survey.facts, name, &value))
		return "";
	cr_expect(json_object_object_get_ex(survey.posture, name, &shown), "%s is shown", name);
	return json_object_get_string(value);
}

static void again(void)
{
	(void)json_object_put(survey.facts);
	(void)json_object_put(survey.posture);
	survey.facts = json_object_new_object();
	survey.posture = json_object_new_object();
}

Test(survey_posture, secure_boot_is_one_byte_behind_four)
{
	survey_posture(&survey);
	cr_expect_str_eq(fact("secure_boot"), "none", "no UEFI");
	put_bytes(EFIVAR, "\6\0\0\0\1", 5);
	survey_posture(&survey);
	cr_expect_str_eq(fact("secure_boot"), "on");
	put_bytes(EFIVAR, "\6\0\0\0\0", 5);
	survey_posture(&survey);
	cr_expect_str_eq(fact("secure_boot"), "off");
	again();
	put_bytes(EFIVAR, "\6\0\0", 3);
	survey_posture(&survey);
	cr_expect_str_eq(fact("secure_boot"), "", "not known of a variable that is cut");
}

Test(survey_posture, lockdown)
{
	put("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	survey_posture(&survey);
	cr_expect_str_eq(fact("lockdown"), "integrity");
	again();
	put("sys/kernel/security/lockdown", "none integrity\n");
	survey_posture(&survey);
	cr_expect_str_eq(fact("lockdown"), "");
}

static void with_disks(void)
{
	put("sys/dev/block/254:1/dm/uuid", "LVM-abc\n");
	put("sys/dev/block/254:1/slaves/dm-0/dm/uuid", "CRYPT-LUKS2-0123-root\n");
	put("sys/dev/block/8:1/size", "1\n");
	put("sys/class/block/dm-3/dm/uuid", "CRYPT-PLAIN-swap\n");
	put("sys/class/block/sda2/size", "1\n");
}

Test(survey_posture, the_disk_below_each_place_is_looked_at)
{
	with_disks();
	put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n");
	survey_disk(&survey);
	cr_expect_str_eq(fact("root_encrypted"), "yes", "below LVM");
	cr_expect_str_eq(fact("state_encrypted"), "yes");
	put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n"
				   "23 22 8:1 / /var/lib rw - ext4 /dev/sda1 rw\n"
				   "24 22 8:1 / /var/lib/holdfast-other rw - ext4 /dev/sda1 rw\n");
	survey_disk(&survey);
	cr_expect_str_eq(fact("root_encrypted"), "yes");
	cr_expect_str_eq(fact("state_encrypted"), "no", "another disk has the state");
	put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n"
				   "24 22 8:1 / /var/lib/holdfast-other rw - ext4 /dev/sda1 rw\n");
	survey_disk(&survey);
	cr_expect_str_eq(fact("state_encrypted"), "yes", "a name that only begins alike");
	again();
	put("proc/self/mountinfo", "22 1 0:21 / / rw - overlay overlay rw\n");
	survey_disk(&survey);
	cr_expect_str_eq(fact("root_encrypted"), "", "not known");
}

static const char *swap(const char *lines)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "Filename Type Size Used Priority\n%s", lines);
	put("proc/swaps", text);
	again();
	survey_disk(&survey);
	return fact("swap");
}

Test(survey_posture, swap)
{
	with_disks();
	put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n"
				   "23 22 8:1 / /plain rw - ext4 /dev/sda1 rw\n");
	cr_expect_str_eq(swap(""), "none");
	cr_expect_str_eq(swap("/dev/dm-3 partition 975868 0 -2\n"), "encrypted");
	cr_expect_str_eq(swap("/dev/sda2 partition 975868 0 -2\n"), "plain");
	cr_expect_str_eq(swap("/dev/dm-3 partition 1 0 -2\n/dev/sda2 partition 1 0 -3\n"), "plain");
	cr_expect_str_eq(swap("/swapfile file 975868 0 -2\n"), "encrypted", "its disk is");
	cr_expect_str_eq(swap("/plain/swapfile file 975868 0 -2\n"), "plain");
	cr_expect_str_eq(swap("/dev/zram0 partition 975868 0 100\n"), "encrypted", "memory only");
	put("sys/class/block/zram0/backing_dev", "/dev/sda2\n");
	cr_expect_str_eq(swap("/dev/zram0 partition 975868 0 100\n"), "plain", "has a disk behind");
}

static const char *taint(const char *number)
{
	put("proc/sys/kernel/tainted", number);
	again();
	survey_openness(&survey);
	return fact("taint");
}

Test(survey_posture, taint)
{
	cr_expect_str_eq(taint("0\n"), "none");
	cr_expect_str_eq(fact("taint_flags"), "");
	cr_expect_str_eq(taint("12288\n"), "foreign");
	cr_expect_str_eq(fact("taint_flags"), "OE");
	cr_expect_str_eq(taint("640\n"), "trouble", "an oops and a warning");
	cr_expect_str_eq(fact("taint_flags"), "DW");
	cr_expect_str_eq(taint("1\n"), "foreign");
	cr_expect_str_eq(taint("32768\n"), "foreign", "a patch");
	cr_expect_str_eq(taint("1048576\n"), "foreign", "a flag that is not known");
	cr_expect_str_eq(taint("many\n"), "");
}

static void with_settings(
	const char *ptrace, const char *bpf, const char *perf, const char *kptr, const char *kexec)
{
	put("proc/sys/kernel/yama/ptrace_scope", ptrace);
	put("proc/sys/kernel/unprivileged_bpf_disabled", bpf);
	put("proc/sys/kernel/perf_event_paranoid", perf);
	put("proc/sys/kernel/kptr_restrict", kptr);
	put("proc/sys/kernel/kexec_load_disabled", kexec);
	put("proc/self/mountinfo", "22 1 254:1 / / rw shared:1 - ext4 /dev/vg/root rw\n");
	again();
	survey_openness(&survey);
}

Test(survey_posture, what_is_open_to_debug)
{
	with_settings("1", "2", "2", "2", "1");
	cr_expect_str_eq(fact("debug_closed"), "all");
	cr_expect_str_eq(fact("debug_open"), "");
	with_settings("0", "2", "2", "2", "1");
	cr_expect_str_eq(fact("debug_closed"), "no");
	cr_expect_str_eq(fact("debug_open"), "ptrace");
	with_settings("1", "0", "2", "2", "1");
	cr_expect_str_eq(fact("debug_open"), "bpf");
	with_settings("1", "1", "-1", "2", "1");
	cr_expect_str_eq(fact("debug_open"), "perf");
	cr_expect_str_eq(fact("debug_closed"), "no");
	with_settings("2", "1", "3", "0", "0");
	cr_expect_str_eq(fact("debug_closed"), "users");
	cr_expect_str_eq(fact("debug_open"), "kptr kexec");
	put("proc/self/mountinfo", "31 22 0:7 / /sys/kernel/debug rw - debugfs debugfs rw\n");
	survey_openness(&survey);
	cr_expect_str_eq(fact("debug_open"), "kptr kexec debugfs");
	cr_expect_str_eq(fact("ptrace_scope"), "2");
	cr_expect_str_eq(fact("lsm_programs"), "", "not known");
	survey.secrets.lsm_programs = 3;
	survey_openness(&survey);
	cr_expect_str_eq(fact("lsm_programs"), "3");
}

Test(survey_posture, without_yama_anything_may_be_traced)
{
	put("proc/sys/kernel/unprivileged_bpf_disabled", "2");
	survey_openness(&survey);
	cr_expect_str_eq(fact("debug_closed"), "no");
	cr_expect_str_eq(fact("debug_open"), "ptrace");
}

static void with_real_machine(void)
{
	put("sys/class/dmi/id/sys_vendor", "LENOVO\n");
	put("sys/class/dmi/id/product_name", "21CB\n");
	put("sys/bus/pci/devices/0000:00:00.0/vendor", "0x8086\n");
	survey.processor = (struct survey_processor){.is_known = true, .signature = "\7\0\0\0\7"};
}

static void look(void)
{
	again();
	survey_virtual(&survey);
}

Test(survey_posture, a_real_machine_has_no_sign)
{
	with_real_machine();
	look();
	cr_expect_str_eq(fact("virtual"), "none");
	cr_expect_str_eq(fact("emulated"), "none");
	cr_expect_str_eq(fact("virtual_by"), "");
}

Test(survey_posture, where_nothing_can_be_seen_nothing_is_known)
{
	look();
	cr_expect_str_eq(fact("virtual"), "unknown");
	cr_expect_str_eq(fact("emulated"), "unknown");
}

Test(survey_posture, what_a_hypervisor_says_itself_is_certain)
{
	with_real_machine();
	survey.processor = (struct survey_processor){true, true, "KVMKVMKVM"};
	look();
	cr_expect_str_eq(fact("virtual"), "certain");
	cr_expect_str_eq(fact("emulated"), "none");
	cr_expect_str_eq(fact("hypervisor"), "kvm");
	survey.processor = (struct survey_processor){true, true, "TCGTCGTCGTCG"};
	look();
	cr_expect_str_eq(fact("emulated"), "certain");
	cr_expect_str_eq(fact("virtual_by"), "cpuid:TCGTCGTCGTCG");
	survey.processor = (struct survey_processor){true, true, "NewAndShiny "};
	look();
	cr_expect_str_eq(fact("virtual"), "certain", "the bit alone says so");
	cr_expect_str_eq(fact("hypervisor"), "unknown");
	survey.processor = (struct survey_processor){true, false, "VBoxVBoxVBox"};
	look();
	cr_expect_str_eq(fact("virtual"), "certain", "the bit is hidden, and the name was not");
}

Test(survey_posture, what_looks_like_one_is_likely_and_says_by_what)
{
	with_real_machine();
	put("sys/class/dmi/id/sys_vendor", "QEMU\n");
	put("sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009)\n");
	look();
	cr_expect_str_eq(fact("virtual"), "likely");
	cr_expect_str_eq(fact("hypervisor"), "qemu");
	cr_expect_str_eq(fact("virtual_by"), "dmi:QEMU dmi:Standard PC (");
	with_real_machine();
	put("sys/bus/pci/devices/0000:00:03.0/vendor", "0x80ee\n");
	put("sys/bus/pci/devices/0000:00:04.0/vendor", "0x80ee\n");
	look();
	cr_expect_str_eq(fact("virtual"), "likely");
	cr_expect_str_eq(fact("virtual_by"), "pci:0x80ee", "once");
}

Test(survey_posture, tables_of_the_firmware)
{
	char path[128];

	with_real_machine();
	put_bytes("facp",
		"FACP\xf4\0\0\0\6\x01"
		"BOCHS BXPC    ",
		24);
	(void)snprintf(path, sizeof(path), "%s/facp", root);
	survey.secrets.acpi = open(path, O_RDONLY | O_CLOEXEC);
	look();
	cr_expect_str_eq(fact("virtual_by"), "acpi:BOCHS ");
	cr_expect_str_eq(fact("virtual"), "likely");
	put_bytes("facp",
		"FACP\xf4\0\0\0\6\x01"
		"LENOVOTP-N3C  ",
		24);
	look();
	cr_expect_str_eq(fact("virtual"), "none");
	put_bytes("facp", "FACP", 4);
	look();
	cr_expect_str_eq(fact("virtual"), "none", "a table that is cut");
	(void)close(survey.secrets.acpi);
}

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* of no bytes */

Test(survey_posture, the_agents_files_are_those_that_were_installed)
{
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "", "no manifest, nothing is said");
	put("usr/share/holdfast/manifest.sha256",
		EMPTY "  usr/sbin/holdfastd\n" EMPTY "  usr/bin/holdfast\n");
	put("usr/sbin/holdfastd", "");
	put("usr/bin/holdfast", "");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "good");
	cr_expect_eq(strlen(fact("agent_digest")), 32);
	put("usr/bin/holdfast", "changed");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "changed /usr/bin/holdfast");
	put("usr/bin/holdfast", "");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "good", "control");
	(void)unlinkat(survey.root_fd, "usr/sbin/holdfastd", 0);
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "changed /usr/sbin/holdfastd", "is gone");
	put("usr/sbin/holdfastd", "");
	put("usr/share/holdfast/manifest-pam.sha256", EMPTY "  usr/lib/security/pam_holdfast.so\n");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "changed /usr/lib/security/pam_holdfast.so",
		"of another package, which is not there");
	put("usr/lib/security/pam_holdfast.so", "");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "good", "control");
	put("usr/share/holdfast/manifest.sha256", "nonsense\n");
	survey_agent_files(&survey);
	cr_expect_str_eq(fact("agent_files"), "manifest damaged");
}

static void put_register(unsigned int number, char digit)
{
	char path[64], text[66];

	(void)snprintf(path, sizeof(path), "sys/class/tpm/tpm0/pcr-sha256/%u", number);
	memset(text, digit, 64);
	(void)memcpy(text + 64, "\n", 2);
	put(path, text);
}

Test(survey_posture, measured)
{
	survey_measured(&survey);
	cr_expect_str_eq(fact("tpm"), "no");
	cr_expect_str_eq(fact("measured"), "no");
	for (unsigned int i = 0; i < 8; i++)
		put_register(i, '0');
	survey_measured(&survey);
	cr_expect_str_eq(fact("tpm"), "yes");
	cr_expect_str_eq(fact("measured"), "no", "its firmware measures nothing");
	for (unsigned int i = 0; i < 8; i++)
		put_register(i, 'a');
	survey_measured(&survey);
	cr_expect_str_eq(fact("measured"), "no-log");
	cr_expect_str_eq(fact("pcrs"),
		"0=aaaaaaaa 1=aaaaaaaa 2=aaaaaaaa 3=aaaaaaaa 4=aaaaaaaa 5=aaaaaaaa 6=aaaaaaaa "
		"7=aaaaaaaa");
	put("sys/class/tpm/tpm0/pcr-sha256/3", "short\n");
	again();
	survey_measured(&survey);
	cr_expect_str_eq(fact("measured"), "no");
}
