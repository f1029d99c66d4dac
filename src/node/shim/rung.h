// Finds out by trying what this machine allows, and moves into a user namespace where that is needed.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "control/ports.h"
#include "node/shim/net_keeper.h"

namespace slipway::node::shim {

// Pods have users of their own, one for each address, from here on. A machine that does not have them (root of a user
// namespace with few users) is no place for pods as root.
inline constexpr std::uint32_t kFirstPodUser = 200'000;

enum class Wanted { Best, Isolated, Loopback };  // what the administrator asked for

// Tries root, then a user namespace, then settles for loopback; with the two namespace rungs `keeper` has been started.
// `folder` holds the scratch folders of the trial. Call it once, before there are descriptors or children.
control::HostReport climb(Wanted wanted, const std::string& folder, NetKeeper& keeper);

}  // namespace slipway::node::shim
