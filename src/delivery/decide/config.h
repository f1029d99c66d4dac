// ConfigMaps of the versions in use: copies that are there before pods need them, and what a revision keeps of them
// (config.h, docs/decisions/0019).
#pragma once

#include <optional>
#include <string>

#include "delivery/decide/traffic.h"

namespace slipway::delivery {

// What is asked for must stand for this long before it begins: a ConfigMap and the template that names it are two
// writes, and either may come first.
inline constexpr base::Duration kAskedSettle = base::seconds(3);

// What is asked for cannot be told, and the message says why; only where ConfigMaps are versioned.
bool is_config_missing(const Turn& turn);
// What waits to begin has stood long enough. Otherwise the message says so, and the Turn wakes.
bool has_settled(Turn& turn);
// A person asks for this template: it need not settle once it is there as a whole.
void expect(Turn& turn, const data::Value& pod_template);

// Of each ConfigMap of a revision its hash and its content, as a kept revision holds them. nullopt: being read, or
// nobody knows it any more (`lost`); the message says which.
std::optional<data::Value> contents_of(Turn& turn, const Revision& revision, bool* lost = nullptr);

// All of them have been read, and are not more than a revision can keep. Otherwise the message says what is missing.
bool can_keep_contents(Turn& turn, const Revision& next);

// The copies that a revision's template names are there; Waiting while one has to be made. Without content to make it
// of: Waiting, and the message says so.
Reach ensure_copies(Turn& turn, const Revision& revision);
// The same of all versions that have a ReplicaSet: a copy that somebody deletes is made again.
void keep_copies(Turn& turn);
// Deletes those that no ReplicaSet names any more, and what was read for them.
void trim_copies(Turn& turn);
void forget_contents(Turn& turn);
// The Release goes: its copies stay for as long as a ReplicaSet that names them does. Waiting while that is written.
Reach leave_copies(Turn& turn);

// Effects that bring the content that a revision kept into the user's ConfigMaps, or why they cannot. Waiting: what is
// there now is being read.
struct RestoreConfig {
  Reach reach = Reach::Done;
  std::vector<control::Effect> effects = {};
  std::string text = {};  // "ConfigMap web-config"
};
RestoreConfig restore_config(Turn& turn, const data::Value& kept);

}  // namespace slipway::delivery
