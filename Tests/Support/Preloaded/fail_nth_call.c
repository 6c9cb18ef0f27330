// A library to preload: lets the Nth call of one function fail, once.
//
//   FAIL_CALL=open FAIL_NTH=12 FAIL_ERRNO=28   which call fails, and how
//   FAIL_ONCE=FILE                             no call fails once this file exists; it is made when one does
//   FAIL_COUNTS=FILE                           at the end of the process, a line `NAME COUNT` for each function
//
// Functions are named without `64` and `at`: `open` is also `openat`, and the system call `openat2`.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN, READ, WRITE, FSYNC, RENAME, MMAP, MALLOC, SPAWN, ACCEPT, SOCKETPAIR, EPOLL, MKDIR, NAMES };
static const char *const names[NAMES] = {
    "open", "read", "write", "fsync", "rename", "mmap", "malloc", "spawn", "accept", "socketpair", "epoll_ctl", "mkdir",
};
static atomic_int counts[NAMES];
static int chosen = -1, nth, code;
static const char *once, *counts_file;

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static long raw_open(const char *path, int flags, int mode) { return syscall(SYS_openat, AT_FDCWD, path, flags, mode); }

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("FAIL_CALL");
    for (int i = 0; name && i < NAMES; i++) {
        if (!strcmp(name, names[i])) chosen = i;
    }
    nth = getenv("FAIL_NTH") ? atoi(getenv("FAIL_NTH")) : 0;
    code = getenv("FAIL_ERRNO") ? atoi(getenv("FAIL_ERRNO")) : EIO;
    once = getenv("FAIL_ONCE");
    counts_file = getenv("FAIL_COUNTS");
    for (int i = 0; i < NAMES; i++) atomic_store(&counts[i], 0);
}

static void report(void) {
    if (!counts_file) return;
    long file = raw_open(counts_file, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0) return;
    char text[64];
    for (int i = 0; i < NAMES; i++) {
        int length = snprintf(text, sizeof text, "%s %d\n", names[i], atomic_load(&counts[i]));
        syscall(SYS_write, file, text, length);
    }
    syscall(SYS_close, file);
}

__attribute__((destructor)) static void end(void) { report(); }

// Swift programs may end by `_exit`, which runs no destructor.
void _exit(int status) {
    report();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}

static int fails(int which) {
    int number = atomic_fetch_add(&counts[which], 1) + 1;
    if (which != chosen || number != nth) return 0;
    if (once) {
        long file = raw_open(once, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (file < 0) return 0;
        syscall(SYS_close, file);
    }
    errno = code;
    return 1;
}

static int mode_of(int flags, va_list list) { return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(list, int) : 0; }

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN) ? -1 : (int)raw_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN) ? -1 : (int)raw_open(path, flags, mode);
}
int openat(int directory, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}
int openat64(int directory, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = mode_of(flags, list);
    va_end(list);
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}

ssize_t read(int file, void *bytes, size_t count) {
    return fails(READ) ? -1 : syscall(SYS_read, file, bytes, count);
}
ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    return fails(READ) ? -1 : syscall(SYS_pread64, file, bytes, count, offset);
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
    return fails(READ) ? -1 : syscall(SYS_pread64, file, bytes, count, offset);
}
ssize_t write(int file, const void *bytes, size_t count) {
    return fails(WRITE) ? -1 : syscall(SYS_write, file, bytes, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return fails(WRITE) ? -1 : syscall(SYS_pwrite64, file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return fails(WRITE) ? -1 : syscall(SYS_pwrite64, file, bytes, count, offset);
}
int fsync(int file) { return fails(FSYNC) ? -1 : (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { return fails(FSYNC) ? -1 : (int)syscall(SYS_fdatasync, file); }

int rename(const char *from, const char *to) { return fails(RENAME) ? -1 : (int)syscall(SYS_rename, from, to); }
int renameat(int d1, const char *from, int d2, const char *to) {
    return fails(RENAME) ? -1 : (int)syscall(SYS_renameat, d1, from, d2, to);
}
int renameat2(int d1, const char *from, int d2, const char *to, unsigned flags) {
    return fails(RENAME) ? -1 : (int)syscall(SYS_renameat2, d1, from, d2, to, flags);
}
int mkdir(const char *path, mode_t mode) { return fails(MKDIR) ? -1 : (int)syscall(SYS_mkdir, path, mode); }
int mkdirat(int directory, const char *path, mode_t mode) {
    return fails(MKDIR) ? -1 : (int)syscall(SYS_mkdirat, directory, path, mode);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    return fails(MMAP) ? MAP_FAILED
                       : (void *)(intptr_t)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
    return fails(MMAP) ? MAP_FAILED
                       : (void *)(intptr_t)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

// Only large blocks, which somebody outside decides the size of.
extern void *__libc_malloc(size_t);
void *malloc(size_t size) { return size >= 1 << 20 && fails(MALLOC) ? NULL : __libc_malloc(size); }

int posix_spawn(
    pid_t *process, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
    char *const argv[], char *const envp[]) {
    if (fails(SPAWN)) return code;
    return REAL(
        int, "posix_spawn", pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
        char *const[], char *const[])(process, path, actions, attributes, argv, envp);
}
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags) {
    return fails(ACCEPT) ? -1 : (int)syscall(SYS_accept4, socket, address, length, flags);
}
int socketpair(int domain, int type, int protocol, int pair[2]) {
    return fails(SOCKETPAIR) ? -1 : (int)syscall(SYS_socketpair, domain, type, protocol, pair);
}
int epoll_ctl(int epoll, int operation, int file, struct epoll_event *event) {
    return fails(EPOLL) ? -1 : (int)syscall(SYS_epoll_ctl, epoll, operation, file, event);
}

