{{/*
What values.schema.json cannot say. A rule is here, and not there, when it
- compares values with each other or with a name that the chart makes, or finds the same thing twice;
- says what to write instead: the schema has no words for it ("'not' failed", or a long pattern);
- is about a password: the schema prints the value that it refuses;
- is about a value that is empty by default: a first installation learns of all that is missing at once.
All faults are reported together. Each names the value that is wrong and says what to do.
*/}}
{{- define "altibase.rules" -}}
{{- $aku := .Values.aku }}
{{- $faults := list }}

{{- if gt (int64 .Values.replicaCount) (int64 $aku.serverCount) }}
{{- $faults = append $faults (printf "replicaCount is %d, but replication is laid out for aku.serverCount = %d pods: raise aku.serverCount (at most 6) or lower replicaCount." (int64 .Values.replicaCount) (int64 $aku.serverCount)) }}
{{- end }}

{{- $minimum := include "altibase.endMinimum" . | int64 }}
{{- if lt (int64 .Values.terminationGracePeriodSeconds) $minimum }}
{{- $faults = append $faults (printf "terminationGracePeriodSeconds is %d, but a pod needs at least %d seconds to end in good order with aku.drainTime = %d, aku.serverCount = %d, aku.shutdownAtEnd = %d and %d block(s) in aku.replications: raise it." (int64 .Values.terminationGracePeriodSeconds) $minimum (int64 $aku.drainTime) (int64 $aku.serverCount) (int64 $aku.shutdownAtEnd) (len $aku.replications)) }}
{{- end }}

{{- $full := include "altibase.fullname" . }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $full) }}
{{- $faults = append $faults (printf "the objects would be called %s, but the name of a Service has small letters, digits and hyphens, and begins with a letter: give a fullnameOverride, or another name of the release." $full) }}
{{- end }}
{{- if gt (len (include "altibase.name" .)) 57 }}
{{- $faults = append $faults (printf "the name %s has %d bytes, but with what is added to it a label takes at most 57: give a nameOverride." (include "altibase.name" .) (len (include "altibase.name" .))) }}
{{- end }}

{{- $host := printf "%s-%d.%s%s" (include "altibase.fullname" .) (sub (int64 $aku.serverCount) 1) (include "altibase.podsService" .) $aku.hostSuffix }}
{{- if gt (len $host) 62 }}
{{- $faults = append $faults (printf "the host name %s has %d bytes, but Altibase takes at most 62: choose a shorter release name, fullnameOverride or aku.hostSuffix." $host (len $host)) }}
{{- end }}

{{- if and .Values.auth.existingSecret .Values.auth.sysPassword }}
{{- $faults = append $faults "auth.existingSecret and auth.sysPassword are both set: keep one of them. An empty auth.sysPassword takes away that of another values file or of the release before." }}
{{- else if not (or .Values.auth.existingSecret .Values.auth.sysPassword) }}
{{- $faults = append $faults "auth.existingSecret is empty: name the Secret that holds the password of SYS, or give auth.sysPassword for trying out." }}
{{- end }}
{{- range $key, $password := pick .Values.auth "sysPassword" "initialPassword" }}
{{- if gt (len $password) 40 }}
{{- $faults = append $faults (printf "auth.%s has %d bytes, but Altibase takes at most 40: choose a shorter one." $key (len $password)) }}
{{- end }}
{{- if regexMatch `['"\p{Cc}]` $password }}
{{- $faults = append $faults (printf "auth.%s has a quote, a line end or another control character in it, which Altibase takes in no password: choose one without." $key) }}
{{- end }}
{{- end }}

{{- if not $aku.replications }}
{{- $faults = append $faults "aku.replications is empty: name at least one block with namePrefix and tables." }}
{{- end }}
{{- $objects := mul (len $aku.replications) (sub (int64 $aku.serverCount) 1) }}
{{- if gt $objects 32 }}
{{- $faults = append $faults (printf "aku.replications has %d blocks, which with aku.serverCount = %d make %d replication objects on each server, but a server takes 32 (REPLICATION_MAX_COUNT): put the tables into fewer blocks or lower aku.serverCount." (len $aku.replications) (int64 $aku.serverCount) $objects) }}
{{- end }}
{{- $prefixes := dict }}
{{- $tables := dict }}
{{- $name := `("[^"']+"|[A-Za-z_[:^ascii:]][A-Za-z0-9_$#[:^ascii:]]*)` }}
{{- range $i, $block := $aku.replications }}
{{- $here := printf "aku.replications[%d]" $i }}
{{- $prefix := upper $block.namePrefix }}
{{- if hasKey $prefixes $prefix }}
{{- $faults = append $faults (printf "%s.namePrefix %s is also that of %s: give each block its own." $here $block.namePrefix (get $prefixes $prefix)) }}
{{- end }}
{{- $_ := set $prefixes $prefix $here }}
{{- range $table := $block.tables }}
{{- if not (regexMatch (printf `^%s\.%s( +(?i:PARTITION) +%s)?$` $name $name $name) $table) }}
{{- $faults = append $faults (printf "%s.tables has %q: write USER.TABLE or USER.TABLE PARTITION NAME." $here $table) }}
{{- else }}
{{- /* Altibase folds names to upper case unless they are quoted. */}}
{{- $parts := list }}
{{- range regexFindAll `"[^"]+"|[^".]+` $table -1 }}
{{- $parts = append $parts (ternary (trimAll `"` .) (upper . | splitList " " | compact | join " ") (hasPrefix `"` .)) }}
{{- end }}
{{- $key := join "." $parts }}
{{- if hasKey $tables $key }}
{{- $faults = append $faults (printf "%s.tables has %s, which %s.tables has already: name a table once." $here $table (get $tables $key)) }}
{{- end }}
{{- $_ := set $tables $key $here }}
{{- end }}
{{- end }}
{{- end }}
{{- range $prefix, $_ := $prefixes }}
{{- $beat := printf "SYS.%s_BEAT" $prefix }}
{{- if hasKey $tables $beat }}
{{- $faults = append $faults (printf "%s.tables has %s, aku's own table, which is replicated anyway: take it out of the list." (get $tables $beat) $beat) }}
{{- end }}
{{- end }}

{{- if ge (int64 $aku.lockWait) (int64 $aku.replicationLockTimeout) }}
{{- $faults = append $faults (printf "aku.lockWait is %d, but it must be below aku.replicationLockTimeout = %d, after which receivers give up rows that wait: lower the first or raise the second." (int64 $aku.lockWait) (int64 $aku.replicationLockTimeout)) }}
{{- end }}

{{- $ports := list (int64 .Values.service.port) (int64 .Values.service.replicationPort) (include "altibase.healthPort" . | int64) }}
{{- if ne (len (uniq $ports)) 3 }}
{{- $faults = append $faults (printf "service.port is %d and service.replicationPort is %d: they must differ from each other and from %d, the health port of aku." (index $ports 0) (index $ports 1) (index $ports 2)) }}
{{- end }}

{{- $own := dict "ADMIN_MODE" "the chart sets it" "REMOTE_SYSDBA_ENABLE" "the chart sets it" "PORT_NO" "set service.port instead" "REPLICATION_PORT_NO" "set service.replicationPort instead" "HOME" "set altibaseHome instead" "REPLICATION_LOCK_TIMEOUT" "set aku.replicationLockTimeout instead" }}
{{- range $property, $_ := .Values.properties }}
{{- if hasPrefix "ALTIBASE_" $property }}
{{- $faults = append $faults (printf "properties.%s: leave out the prefix ALTIBASE_, which the chart adds." $property) }}
{{- else if hasKey $own $property }}
{{- $faults = append $faults (printf "properties.%s must not be given: %s." $property (get $own $property)) }}
{{- end }}
{{- end }}
{{- range concat .Values.env .Values.extraEnv }}
{{- if and (eq .name "POD_NAME") (include "altibase.foldersByPod" $) }}
{{- $faults = append $faults "env or extraEnv has POD_NAME, which the chart sets for subPathExpr: remove it." }}
{{- else if hasPrefix "AKU_" .name }}
{{- $faults = append $faults (printf "env or extraEnv has %s: set the value under aku instead, so that both containers get it." .name) }}
{{- else if hasPrefix "ALTIBASE_" .name }}
{{- $faults = append $faults (printf "env or extraEnv has %s: set it under properties, service or altibaseHome instead." .name) }}
{{- end }}
{{- end }}

{{- range $name, $all := dict "env and extraEnv" (concat .Values.env .Values.extraEnv) "aku.extraEnv" $aku.extraEnv }}
{{- $seen := dict }}
{{- range $all }}
{{- if hasKey $seen .name }}
{{- $faults = append $faults (printf "%s have %s twice: remove one." $name .name) }}
{{- end }}
{{- $_ := set $seen .name "" }}
{{- end }}
{{- end }}
{{- range $aku.extraEnv }}
{{- if or (hasPrefix "AKU_" .name) (eq .name "ALTIBASE_HOME") (and (eq .name "POD_NAME") (include "altibase.foldersByPod" $)) }}
{{- $faults = append $faults (printf "aku.extraEnv has %s, which the chart sets: set its own value instead." .name) }}
{{- end }}
{{- end }}

{{- range concat .Values.command .Values.args }}
{{- if regexMatch `(^|[\s;&|/])aku\s+-p` . }}
{{- $faults = append $faults "command or args call aku -p, the vendor's own utility: two of them on the same replications lose rows, for it empties tables and resets without a proof; remove that call, the chart's aku does it." }}
{{- end }}
{{- end }}

{{- if not (or $aku.odbc.driver .Values.altibaseHome) }}
{{- $faults = append $faults "aku.odbc.driver and altibaseHome are both empty: one of them must say where the ODBC driver is." }}
{{- end }}

{{- if and (include "altibase.asksAPI" .) (not (include "altibase.serviceAccountName" .)) }}
{{- $faults = append $faults "serviceAccount.create is false and serviceAccount.name is empty, but aku.replicationResetAtEnd = auto and aku.podEvents speak to the Kubernetes API: name a service account, let the chart make one, or set aku.replicationResetAtEnd to 0 or 1 and aku.podEvents to false." }}
{{- end }}

{{- with $aku.recover }}
{{- $of := printf "%d-" (int64 .from) }}
{{- if and (eq (int64 .from) 0) .generation }}
{{- $faults = append $faults "aku.recover.generation is set, but aku.recover.from is 0: name the pod to recover the master from, or remove both." }}
{{- else if and (gt (int64 .from) 0) (not (hasPrefix $of .generation)) }}
{{- $faults = append $faults (printf "aku.recover.generation is %q, which is none of aku.recover.from = %d: take the one that the log of pod 0 names for that pod, such as %s48213." .generation (int64 .from) $of) }}
{{- end }}
{{- if ge (int64 .from) (int64 $aku.serverCount) }}
{{- $faults = append $faults (printf "aku.recover.from is %d, but there are only pods below aku.serverCount = %d." (int64 .from) (int64 $aku.serverCount)) }}
{{- end }}
{{- end }}

{{- with .Values.persistence }}
{{- if .existingClaim }}
{{- if not .enabled }}
{{- $faults = append $faults "persistence.existingClaim is set, but persistence.enabled is false: switch persistence on or remove the claim." }}
{{- end }}
{{- $apart := not (empty .mounts) }}
{{- range .mounts }}
{{- $apart = and $apart .subPathExpr }}
{{- end }}
{{- if and (ne (int64 $aku.serverCount) 1) (or (not $apart) .logVolume.enabled) }}
{{- $faults = append $faults (printf "persistence.existingClaim is one volume, but aku.serverCount = %d pods would share its folders: set aku.serverCount to 1, or rename the claim to data-%s-0 and leave existingClaim empty, or give each of persistence.mounts a subPathExpr with $(POD_NAME)." (int64 $aku.serverCount) (include "altibase.fullname" $)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $faults = concat $faults (include "altibase.imageRules" . | fromYamlArray) }}
{{- $faults = concat $faults (include "altibase.mountRules" . | fromYamlArray) }}

{{- if and .Values.license.existingSecret (not .Values.altibaseHome) }}
{{- $faults = append $faults "license.existingSecret is set, but altibaseHome is empty: it says where the server looks for the licence." }}
{{- end }}

{{- $size := 0 }}
{{- range $name, $text := .Values.initdb.scripts }}
{{- $size = add $size (len $name) (len $text) }}
{{- end }}
{{- if gt $size 1048576 }}
{{- $faults = append $faults (printf "initdb.scripts have %d bytes, but a ConfigMap takes at most 1048576: load rows by a client when the pods run, or mount the files by extraVolumes." $size) }}
{{- end }}

{{- if and .Values.initdb.existingConfigMap .Values.initdb.scripts }}
{{- $faults = append $faults "initdb.existingConfigMap and initdb.scripts are both set: keep one of them." }}
{{- end }}

{{- if and (eq .Values.updateStrategy.type "OnDelete") .Values.updateStrategy.rollingUpdate }}
{{- $faults = append $faults "updateStrategy.rollingUpdate is for the type RollingUpdate: remove it with OnDelete." }}
{{- end }}

{{- $taken := include "altibase.labels" (merge (dict "Values" (omit .Values "commonLabels")) (omit . "Values")) | fromYaml }}
{{- range $label, $_ := .Values.commonLabels }}
{{- if hasKey $taken $label }}
{{- $faults = append $faults (printf "commonLabels has %s, which the chart sets: choose another name." $label) }}
{{- end }}
{{- end }}
{{- $selector := include "altibase.selectorLabels" . | fromYaml }}
{{- range $label, $_ := .Values.podLabels }}
{{- if hasKey $selector $label }}
{{- $faults = append $faults (printf "podLabels has %s, by which the pods are found: choose another name." $label) }}
{{- end }}
{{- end }}

{{- range $label, $_ := .Values.hooks.podLabels }}
{{- if hasKey $selector $label }}
{{- $faults = append $faults (printf "hooks.podLabels has %s, by which Services would lead to pods of hooks: choose another name." $label) }}
{{- end }}
{{- end }}

{{- $names := include "altibase.ownVolumes" . | fromYamlArray }}
{{- range .Values.persistence.extraClaims }}
{{- $names = append $names .name }}
{{- end }}
{{- range .Values.extraVolumes }}
{{- if has .name $names }}
{{- $faults = append $faults (printf "extraVolumes has the name %s, which is a volume of the chart: choose another one." .name) }}
{{- end }}
{{- end }}
{{- range concat .Values.extraInitContainers .Values.extraContainers }}
{{- if has .name (list "aku-install" "aku-claim" "aku" "altibase") }}
{{- $faults = append $faults (printf "extraInitContainers or extraContainers has the name %s, which is a container of the chart: choose another one." .name) }}
{{- end }}
{{- end }}

{{- if $faults }}
{{- fail (printf "\n%s" (join "\n" $faults)) }}
{{- end }}
{{- end }}
