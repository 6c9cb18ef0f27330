#pragma once
// Linux calls that Swift cannot make itself: variadic functions, macros and system calls without a wrapper.

// The Glibc module leaves these headers out.
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__clang__)
#pragma clang assume_nonnull begin
#endif

/// openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS. glibc has no wrapper.
int linux_open_beneath(int directory, const char *path, int flags, mode_t mode);

/// pidfd_open(2). The glibc wrapper came after Debian 12's.
int linux_pidfd_open(pid_t process);

/// pidfd_send_signal(2).
int linux_pidfd_send_signal(int pidfd, int signal);

/// prctl(PR_SET_PDEATHSIG): `signal` is sent to this process when the thread that started it ends. prctl is variadic.
int linux_set_parent_death_signal(int signal);

/// prctl(PR_SET_NAME): names the calling thread, 15 bytes at most. prctl is variadic.
int linux_set_thread_name(const char *name);

/// Sends `length` bytes with up to 253 descriptors as SCM_RIGHTS. CMSG_* are macros.
ssize_t linux_send_with_descriptors(
    int socket, const void *bytes, size_t length, const int *_Nullable descriptors, size_t descriptor_count);

/// Receives bytes and descriptors (close-on-exec). `*descriptor_count` holds the capacity, then the number received.
ssize_t linux_receive_with_descriptors(
    int socket, void *bytes, size_t length, int *descriptors, size_t *descriptor_count);

/// accept4(2), close-on-exec and non-blocking; the header shows it only with _GNU_SOURCE.
int linux_accept(int listener);

/// The peer's credentials (SO_PEERCRED). struct ucred needs _GNU_SOURCE.
int linux_peer_credentials(int socket, pid_t *process, uid_t *user, gid_t *group);

/// All groups of the peer (SO_PEERGROUPS), or -1. The constant is in no header that Swift imports.
ssize_t linux_peer_groups(int socket, gid_t *groups, size_t capacity);

/// Turns the first bytes of a file into a hole (fallocate(2), which needs _GNU_SOURCE); offsets stay.
int linux_free_beginning(int descriptor, off_t length);

/// Exchanges two paths in one step (RENAME_EXCHANGE of renameat2(2)); -1 and errno on failure.
int linux_exchange(const char *first, const char *second);

/// ioctl(FICLONE): `target` gets the blocks of `source`; -1 and errno where the file systems cannot. ioctl is variadic.
int linux_share_blocks(int source, int target);

/// The POSIX access list of a file, as the kernel stores it, -1 and errno without one. The Glibc module lacks xattr.h.
ssize_t linux_access_list(const char *path, void *list, size_t capacity);

/// When the file was made, in nanoseconds since 1970, 0 where the file system does not know, -1 on failure. statx(2)
/// needs _GNU_SOURCE.
int64_t linux_birth_time(int descriptor);

/// The terminal's width in columns, or 0. ioctl is variadic.
int linux_terminal_columns(int descriptor);

/// posix_spawn_file_actions_addclosefrom_np(3): closes `from` and all above; the header shows it only with _GNU_SOURCE.
int linux_close_from(posix_spawn_file_actions_t *actions, int from);

/// POSIX_SPAWN_SETSID, which spawn.h shows only with _GNU_SOURCE.
static const short linux_spawn_new_session = 0x80;

/// O_PATH, which fcntl.h shows only with _GNU_SOURCE.
static const int linux_path_only = 010000000;

/// CPU features that the operating system also saves (CPUID and XGETBV).
typedef struct {
    bool avx2_fma;
    bool avx512;  // F, DQ, BW and VL
    bool amx_bf16;  // Tiles for bfloat16; a process must ask for them.
    bool amd;
} linux_cpu_features;
linux_cpu_features linux_get_cpu_features(void);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif
