/*
 * A watch changes nothing for who uses what is watched: threads that rename a file, write to it
 * from memory not used before, and unmap it as its last user do not wait for each other for ever.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "user/tests/report.h"

constexpr int ROUNDS = 1000;

static int open_it(void) {
    int file;
    while ((file = open("d/a", O_RDWR)) < 0 && (file = open("d/b", O_RDWR)) < 0) {
    }
    return file;
}

static void *rename_it(void *) {
    for (int i = 0; i < ROUNDS; i++) {
        rename("d/a", "d/b");
        rename("d/b", "d/a");
    }
    return nullptr;
}

static void *write_it(void *) {
    for (int i = 0; i < ROUNDS; i++) {
        int file = open_it();
        void *fresh = mmap(nullptr, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        write(file, fresh, PAGE);
        close(file);
        munmap(fresh, PAGE);
    }
    return nullptr;
}

static void *unmap_it(void *) {
    for (int i = 0; i < ROUNDS; i++) {
        int file = open_it();
        void *map = mmap(nullptr, PAGE, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        munmap(map, PAGE);
    }
    return nullptr;
}

int main(void) {
    void *(*const bodies[])(void *) = {rename_it, write_it, unmap_it};
    pthread_t threads[3];
    mkdir("d", 0755);
    close(open("d/a", O_CREAT | O_RDWR, 0644));
    int watcher = inotify_init1(IN_NONBLOCK);
    show("watch", inotify_add_watch(watcher, "d", IN_ALL_EVENTS) > 0 ? 0 : -1);
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], nullptr, bodies[i], nullptr);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], nullptr);
    }
    say("all have ended");
    return 0;
}
