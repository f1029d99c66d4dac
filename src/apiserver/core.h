// What the stages of the API server share. Owned by ApiServer.
#pragma once

#include <memory>
#include <string>

#include "api/scheme.h"
#include "apiserver/addresses.h"
#include "apiserver/frame.h"
#include "apiserver/object_bytes.h"
#include "apiserver/published.h"
#include "apiserver/rbac.h"
#include "apiserver/server.h"
#include "runtime/loop.h"
#include "store/store.h"

namespace slipway::apiserver {

// Bytes of objects kept for the next list; ten thousand pods fit.
inline constexpr std::size_t kObjectBytes = 48u << 20;

struct Core {
  store::Store& store;
  runtime::Loop& loop;
  runtime::Random& random;
  Settings settings;
  AddressRange service_range;
  Published<api::Scheme> scheme = {};  // follow the published CRDs
  Published<Policy> policy = {};       // follows the published RBAC objects
  Frames frames = {};                  // control loop
  ObjectBytes object_bytes{kObjectBytes};

  KindPtr find(const Target& target) const {
    auto scheme_now = scheme.load();
    const api::Kind* kind = scheme_now->find(target.group, target.version, target.plural);
    return kind == nullptr ? nullptr : KindPtr(scheme_now, kind);
  }
  // Any thread, when the settings say how; otherwise the control loop.
  base::Time wall_now() const { return settings.wall_clock ? settings.wall_clock() : loop.now(); }
};

}  // namespace slipway::apiserver
