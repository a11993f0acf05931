#pragma once

#include "drivers/console.h"
#include "drivers/framebuffer.h"
#include "drivers/vga_text.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/*
 * The machine's one screen: the framebuffer that the loader set up or the VGA's text mode. What is
 * written while it is hidden appears when it is shown.
 *
 * The first two show it through the loader's identity mapping. Around kernel_space_activate:
 * screen_hide before, screen_map after.
 */

/* STATUS_INVALID as framebuffer_init; STATUS_OUT_OF_RANGE: not below 4 GiB. Then there is no
 * screen yet. */
enum status screen_start_framebuffer(TRUSTED const struct framebuffer_mode *mode);

void screen_start_text(const struct vga_text_mode *mode);

/* Its console; nullptr before one of the above has succeeded. */
struct console *screen_console(void);

/* Its cells, for a terminal; nullptr where there is no console. */
struct text_grid *screen_grid(void);

void screen_hide(void);

/* Maps the screen into the kernel's ranges, write-combining where it is a framebuffer, and shows
 * it there. Errors: kernel_range_map_device's; it stays hidden then. */
enum status screen_map(void);

END_C_DECLS
