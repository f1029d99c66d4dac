// Asio's view of a real loop. Only modules that own sockets, pipes or signals include this, and only in .cpp files.
#pragma once

#include <boost/asio/io_context.hpp>

#include "runtime/real/loop.h"

namespace slipway::runtime::real {

// Handlers that complete here are tasks of the loop: one at a time, time stands still within each.
boost::asio::io_context& io_of(Loop& loop);

}  // namespace slipway::runtime::real
