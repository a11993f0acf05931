#pragma once

#include "drivers/console.h"
#include "drivers/framebuffer.h"
#include "lib/decls.h"
#include "lib/status.h"

BEGIN_C_DECLS

/*
 * The machine's one screen: the framebuffer that the loader set up, else the VGA's 80x25 text.
 * Where even that is missing, what is written is lost, harmlessly.
 *
 * screen_init shows it through the loader's identity mapping (`mode` may be nullptr: text; a mode
 * that framebuffer_init refuses, or that lies above 4 GiB, is shown from screen_map on or not at
 * all). Around kernel_space_activate: screen_hide before, screen_map after. What is written in
 * between appears then.
 */
struct console *screen_init(const struct framebuffer_mode *mode);

void screen_hide(void);

/* Maps the screen into the kernel's ranges, write-combining where it is a framebuffer, and shows
 * it there. Errors: kernel_range_map_device's; it stays hidden then. */
enum status screen_map(void);

END_C_DECLS
