// What keeps a release from going on, or a version from being well. Each kind has a code that never changes, a
// sentence, one command that helps, and whether it passes without anybody doing anything. The list for people, which a
// test compares with this one: docs/troubles.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "data/value.h"

namespace slipway::delivery {

enum class TroubleKind {
  // pods of a version
  CrashLoop,
  OutOfMemory,
  ImagePull,
  ContainerConfig,
  Unschedulable,
  VolumeMount,
  NotReady,
  NotStarting,
  // pods that are not made
  Quota,
  PodRefused,
  WebhookUnreachable,
  PodNotMade,
  // configuration
  ConfigMissing,
  // traffic
  RouteMissing,
  ServiceMissing,
  RouterMissing,
  RouteRefused,
  RouterSilent,
  // metrics
  ProviderUnreachable,
  NoData,
  // what the controllers themselves write
  WriteRefused,
};

// What it takes.
enum class Cure {
  Time,      // it may pass by itself
  Somebody,  // something beside the version has to be mended
  Version,   // another version, or another template for this one
};
std::string_view to_text(Cure cure);

struct TroubleEntry {
  TroubleKind kind;
  std::string_view code;     // "REL-P03"
  std::string_view name;     // "ImagePull", as specs name it
  std::string_view meaning;  // one sentence
  std::string_view remedy;   // a command; {release}, {namespace}, {object}, {kind} and {name} stand for those
  Cure cure;                 // unless what is seen says more
};
std::span<const TroubleEntry> all_troubles();
const TroubleEntry& entry_of(TroubleKind kind);
std::optional<TroubleKind> trouble_named(std::string_view name);

struct Trouble {
  TroubleKind kind = TroubleKind::NotReady;
  Cure cure = Cure::Time;
  std::string object = {};   // "Pod web-1"
  std::string space = {};    // its namespace; empty: that of the Release
  std::string version = {};  // its hash; empty: of no version
  std::string message = {};  // what is wrong, without the object
  std::int64_t count = 1;    // objects of this version that have it
  std::optional<base::Time> since = {};
  bool overruled = false;  // a person went on in spite of it
  bool operator==(const Trouble&) const = default;

  // Two sightings of one trouble.
  bool is_same(const Trouble& other) const { return kind == other.kind && version == other.version; }
};

data::Value to_value(const Trouble& trouble);
// nullopt: of a kind that a later version has written.
std::optional<Trouble> trouble_of(const data::Value& v);

// "REL-P03 ImagePull: Pod web-1 and 2 more: ..."
std::string to_text(const Trouble& trouble);
std::string remedy_of(const Trouble& trouble, std::string_view release, std::string_view space);

}  // namespace slipway::delivery
