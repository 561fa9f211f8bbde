/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The kernel types we read, and of each only the members we read: CO-RE finds their offsets on
 * the running kernel. Written by hand so that building needs no vmlinux and no BTF.
 */
#ifndef HOLDFAST_BPF_KERNEL_TYPES_H
#define HOLDFAST_BPF_KERNEL_TYPES_H

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__u32 val;
} kuid_t;

typedef unsigned int fmode_t;

struct mm_struct {
	struct task_struct *owner;
	struct file *exe_file;
};

struct tty_driver {
	int major;
	int minor_start;
	short type;
	short subtype;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct tty_file_private {
	struct tty_struct *tty;
};

struct kernel_siginfo {
	int si_code;
};

struct kern_ipc_perm {
	int id;
};

struct msg_msg;
struct key;
struct cred {
	kuid_t uid;
};

struct userfaultfd_ctx {
	struct mm_struct *mm;
};

struct core_state;

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct tty_struct *tty;
	struct core_state *core_state;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };

struct upid {
	int nr;
};

struct pid {
	struct hlist_head tasks[PIDTYPE_MAX];
	struct upid numbers[1]; /* of the first namespace, and more behind it */
};

struct list_head {
	struct list_head *next;
};

struct notification;

struct seccomp_filter {
	struct notification *notif;
	struct seccomp_filter *prev;
};

struct seccomp {
	struct seccomp_filter *filter;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct task_struct {
	unsigned int flags;
	unsigned int ptrace;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	kuid_t loginuid;
	const struct cred *real_cred;
	char comm[16];
	struct hlist_node pid_links[PIDTYPE_MAX];
	struct list_head children;
	struct list_head sibling;
	struct fs_struct *fs;
	struct seccomp seccomp;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct pt_regs {
	unsigned long orig_ax;
	unsigned long di;
	unsigned long si;
	unsigned long dx;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct gendisk;

struct block_device {
	__u32 bd_dev;
	struct gendisk *bd_disk;
};

struct gendisk {
	struct block_device *part0; /* before 5.11 another struct, not read */
};

struct dentry;

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct block_device *s_bdev;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	struct super_block *i_sb;
	unsigned long i_ino;
	long long i_size;
	unsigned int i_nlink;
	struct hlist_head i_dentry;
	__u32 i_rdev;
	__u32 i_generation;
	void *i_crypt_info;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	union {
		struct hlist_node d_alias;
	} d_u;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
	void *mnt_userns; /* 5.12 to 6.1 */
	void *mnt_idmap;  /* from 6.2 on */
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	int mnt_id;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
};

typedef struct {
	__s64 counter;
} atomic_long_t;

struct file {
	struct path f_path;
	struct inode *f_inode;
	fmode_t f_mode;
	unsigned int f_flags;
	atomic_long_t f_count; /* until 6.13 */
	void *private_data;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

/* io_uring's; its file is the ring that a message goes to */
struct io_kiocb {
	struct file *file;
};

struct kiocb {
	struct file *ki_filp;
};

struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
	unsigned long p;    /* where the words of arguments and environment begin */
	unsigned long exec; /* and end */
	int argc;
};

struct bpf_map {
	char name[16];
};

struct bpf_prog_aux {
	char name[16];
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct timespec64 {
	long long tv_sec;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct socket;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u16 sk_type;
	struct socket *sk_socket;
	struct pid *sk_peer_pid; /* of a unix socket: who listened, or connected */
};

struct inet_sock {
	__be16 inet_sport; /* outlives skc_num, which inet_put_port() sets to 0 */
	unsigned long inet_flags;
};

struct inet_sock___before_6_6 {
	__u8 hdrincl : 1;
};

struct proto_ops {
	void *sendpage; /* until 6.4 */
};

struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr; /* NULL: bound to no name, as both ends of socketpair(2) are */
	struct path path;	   /* of an accepted one: its listener's */
	struct sock *peer;
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	unsigned char *head;
	unsigned char *data;
	__u32 end;
	struct sock *sk;
};

struct skb_frag {
	unsigned int len;
};

struct skb_shared_info {
	__u8 nr_frags;
	struct skb_frag frags[0]; /* see stream.bpf.h */
};

struct page {
	unsigned long flags;
};

struct netlink_sock {
	__u32 dst_portid;
	__u32 dst_group;
};

struct coredump_params {
	struct file *file;
};

struct socket {
	short type;
	struct sock *sk;
};

struct iovec {
	void *iov_base;
	__u64 iov_len;
};

enum iter_type { ITER_IOVEC, ITER_UBUF };

struct iov_iter {
	unsigned int type; /* up to 5.13 */
	__u8 iter_type;
	unsigned long iov_offset;
	unsigned long count;
	unsigned long nr_segs;
	const struct iovec *iov;   /* up to 6.3 */
	const struct iovec *__iov; /* from 6.4 on */
	void *ubuf;		   /* from 6.0 on */
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
	struct iov_iter msg_iter;
};

struct sockaddr {
	unsigned short sa_family;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

#pragma clang attribute pop

/* What a program is handed, no type of the kernel's: its offsets are the same everywhere. */
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__unix {
	struct bpf_iter_meta *meta;
	struct unix_sock *unix_sk;
	__u32 uid;
};

#endif
