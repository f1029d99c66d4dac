#include "runtime/signals.h"

#include <boost/asio/signal_set.hpp>

#include "runtime/real/asio_loop.h"

namespace slipway::runtime {

struct Signals::Impl : std::enable_shared_from_this<Impl> {
  Impl(real::Loop& loop, std::function<void(int)> h) : set(real::io_of(loop)), handler(std::move(h)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& ec, int number) {
      if (ec || !self->handler) return;
      self->wait();
      const auto handler = self->handler;  // it may destroy the Signals object
      handler(number);
    });
  }

  boost::asio::signal_set set;
  std::function<void(int)> handler;
};

Signals::Signals(real::Loop& loop, const std::vector<int>& numbers, std::function<void(int)> handler)
    : impl_(std::make_shared<Impl>(loop, std::move(handler))) {
  for (const int number : numbers) impl_->set.add(number);
  impl_->wait();
}

Signals::~Signals() {
  impl_->handler = nullptr;
  impl_->set.cancel();
  impl_->set.clear();
}

}  // namespace slipway::runtime
