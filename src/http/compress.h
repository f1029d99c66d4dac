// gzip (RFC 1952) of whole bodies.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace slipway::http {

std::string gzip(std::string_view bytes);  // level 1: a local network is faster than a better ratio
// BadRequest when it is damaged, TooLarge beyond `limit` bytes.
base::Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace slipway::http
