{{/* Values never become template text or YAML by themselves: each passes toJson or toYaml. */}}

{{- define "cosyvoice.labels" -}}
app.kubernetes.io/name: cosyvoice
app.kubernetes.io/instance: {{ .Release.Name | toJson }}
app.kubernetes.io/managed-by: {{ .Release.Service | toJson }}
{{- end }}

{{- define "cosyvoice.selector" -}}
app.kubernetes.io/name: cosyvoice
app.kubernetes.io/instance: {{ .Release.Name | toJson }}
{{- end }}

{{/* Kubernetes expands $(NAME) and makes $ of $$ in command, args and env. */}}
{{- define "cosyvoice.literal" -}}
{{- . | toString | replace "$" "$$" | toJson -}}
{{- end }}

{{/* Pods there may ever be: each is in the list of peers from the start. */}}
{{- define "cosyvoice.most" -}}
{{- if .Values.scaling.enabled }}{{ max (int .Values.replicas) (int .Values.scaling.max_replicas) }}{{ else }}{{ int .Values.replicas }}{{ end -}}
{{- end }}

{{/* Jobs that a pod runs at a time. */}}
{{- define "cosyvoice.slots" -}}
{{- if and .Values.gpus .Values.app.slots_by_card }}{{ mul (int .Values.gpus) (int .Values.app.jobs_per_gpu) }}{{ else }}{{ int .Values.app.workers }}{{ end -}}
{{- end }}

{{/* The longest time that a job may ask for, and the node's own last words. */}}
{{- define "cosyvoice.stop" -}}
{{- add (max (int .Values.app.job_timeout) (sub (int .Values.app.stop_timeout) 10)) 10 -}}
{{- end }}

{{- define "cosyvoice.longest" -}}
{{- sub (include "cosyvoice.stop" . | int) 10 -}}
{{- end }}

{{/* Five seconds more, for the last file to be written and the process to end. */}}
{{- define "cosyvoice.grace" -}}
{{- add (int .Values.drain_seconds) (include "cosyvoice.stop" . | int) 5 -}}
{{- end }}

{{- define "cosyvoice.drain_file" -}}/run/cosyvoice/drain{{- end }}

{{- define "cosyvoice.outputs_claim" -}}
{{- .Values.storage.claim | default (printf "%s-outputs" .Release.Name) -}}
{{- end }}

{{/* Only this release's series: two in one Prometheus do not scale each other. */}}
{{- define "cosyvoice.series" -}}
{{- printf "{job=\"cosyvoice-node\",namespace=%s,service=%s}" (.Release.Namespace | toJson) (printf "%s-nodes" .Release.Name | toJson) -}}
{{- end }}
