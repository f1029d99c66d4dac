#include "server/machine.h"

#include "node/shim_client.h"

namespace slipway::server {

using base::Result;
using data::Value;

namespace {

node::ShimOptions shim_options(const MachineParts& parts) {
  return {.data_dir = parts.dir.path(), .runtime = parts.options.runtime == "auto" ? "best" : parts.options.runtime};
}

}  // namespace

struct Machine::Impl {
  MachineParts parts;
  std::unique_ptr<node::ShimClient> shim;
};

Machine::Machine(MachineParts parts) : impl_(new Impl{.parts = parts}) {}
Machine::~Machine() = default;

Result<void> Machine::start() {
  if (auto running = node::ensure_shim(shim_options(impl_->parts)); !running) return running;
  impl_->shim = std::make_unique<node::ShimClient>(impl_->parts.loop, shim_options(impl_->parts));
  impl_->shim->start();
  return {};
}

std::map<std::string, control::Port*> Machine::ports() { return {}; }

Value Machine::endpoints() const { return Value::object(); }

}  // namespace slipway::server
