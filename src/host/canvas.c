/* The page's canvas: see gossamer/frame.h. The host looks at the pixels where
 * they are. */
#include <gossamer/frame.h>

#include "host.h"

int gs_canvas_present(const void *pixels, uint32_t width, uint32_t height) {
  if (pixels == NULL || width == 0 || height == 0) return GS_EINVAL;
  if (width > INT32_MAX / 4 / height) return GS_EINVAL;
  return gs__host_canvas_present(pixels, width, height);
}

int gs_canvas_size(uint32_t *width, uint32_t *height) {
  if (width == NULL || height == NULL) return GS_EINVAL;
  uint32_t host_height = 0;
  int32_t host_width = gs__host_canvas_size(&host_height);
  if (host_width < 0) return host_width;
  *width = (uint32_t)host_width;
  *height = host_height;
  return GS_OK;
}
