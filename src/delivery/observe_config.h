// The ConfigMaps that a Release's versions are made of (config.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/controller.h"
#include "delivery/observation.h"

namespace slipway::delivery {

// Fills in Observation::config.
void observe_config(const control::World& world, Observation& o);
// The part that follows from what is there: live ConfigMaps and copies in, what is asked for out.
void resolve_config(Observation& o);
// The ConfigMaps that matter: named by templates, or in a revision that was read.
std::vector<std::string> config_maps_of(const Observation& o);
// What a revision that was read holds: its template, and the content of its ConfigMaps.
void read_kept(KeptRevision& kept, const data::Value& release, const data::Value& data);

// What a template of this Release names, with what is in it now. A ConfigMap that is gone counts as it was: taking it
// away asks for nothing. `missing` says which of them nobody knows.
ConfigHashes config_of(const Observation& o, const data::Value& pod_template, std::string& missing);

// What a workload asks for, given what is in the user's ConfigMaps (null: there is none of that name): the same as
// Observation::asked_template, for those who only look.
data::Value asked_template_of(const data::Value& release, const data::Value& workload,
                              const std::map<std::string, data::Value>& config_maps);
// The names of the ConfigMaps that matter for that; empty when none are versioned.
std::vector<std::string> config_maps_of(const data::Value& release, const data::Value& workload);

// Does this Release go by the ConfigMap of this name?
bool uses_config(const data::Value& release, const data::Value& workload, std::string_view config_map);

}  // namespace slipway::delivery
