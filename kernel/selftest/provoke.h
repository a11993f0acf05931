#pragma once

/* A fault that the kernel provokes in itself. Returns where nothing stopped it. */
struct provocation {
    const char *name;
    void (*run)(void);
};

/* Ended by a name that is nullptr. */
extern const struct provocation PROVOCATIONS[];
