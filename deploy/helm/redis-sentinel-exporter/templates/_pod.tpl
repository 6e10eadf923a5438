{{- define "exporter.args" -}}
{{- with .Values.sentinel.addresses }}
- {{ printf "--sentinel.address=%s" (join "," .) | quote }}
{{- end }}
{{- if include "exporter.configMap" . }}
- --config.file=/etc/redis_sentinel_exporter/config.yml
{{- end }}
{{- with .Values.sentinel.username }}
- {{ printf "--sentinel.username=%s" . | quote }}
{{- end }}
{{- if and .Values.sentinel.existingSecret.name .Values.sentinel.existingSecret.key }}
- {{ printf "--sentinel.password-file=/run/secrets/redis_sentinel_exporter/%s" .Values.sentinel.existingSecret.key | quote }}
{{- end }}
{{- $tls := .Values.sentinel.tls }}
{{- if $tls.enabled }}
- --sentinel.tls
{{- if $tls.existingSecret }}
- --sentinel.tls-ca-file=/run/secrets/redis_sentinel_exporter_tls/ca.crt
{{- end }}
{{- if $tls.clientCertificate }}
- --sentinel.tls-cert-file=/run/secrets/redis_sentinel_exporter_tls/tls.crt
- --sentinel.tls-key-file=/run/secrets/redis_sentinel_exporter_tls/tls.key
{{- end }}
{{- with $tls.serverName }}
- {{ printf "--sentinel.tls-server-name=%s" . | quote }}
{{- end }}
{{- end }}
{{- if gt (int .Values.shards) 1 }}
- --fleet.shard=$(POD_NAME)/{{ .Values.shards }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "exporter.env" -}}
{{- if gt (int .Values.shards) 1 }}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "exporter.volumeMounts" -}}
{{- if include "exporter.configMap" . }}
- name: config
  mountPath: /etc/redis_sentinel_exporter
  readOnly: true
{{- end }}
{{- if .Values.sentinel.existingSecret.name }}
- name: secret
  mountPath: /run/secrets/redis_sentinel_exporter
  readOnly: true
{{- end }}
{{- if .Values.sentinel.tls.existingSecret }}
- name: tls
  mountPath: /run/secrets/redis_sentinel_exporter_tls
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "exporter.volumes" -}}
{{- with include "exporter.configMap" . }}
- name: config
  configMap:
    name: {{ . }}
{{- end }}
{{- with .Values.sentinel.existingSecret.name }}
- name: secret
  secret:
    secretName: {{ . }}
{{- end }}
{{- with .Values.sentinel.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "exporter.pod" -}}
metadata:
  labels:
    {{- include "exporter.selectorLabels" . | nindent 4 }}
    {{- with .Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or .Values.config .Values.podAnnotations }}
  annotations:
    {{- with .Values.config }}
    # So that new pods come with a new configuration.
    checksum/config: {{ toYaml . | sha256sum }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false # else its environment has variables that look like flags
  {{- with include "exporter.serviceAccount" . }}
  serviceAccountName: {{ . }}
  {{- end }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: exporter
      image: {{ .Values.image.registry }}/{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- with include "exporter.args" . | trim }}
      args:
        {{- . | nindent 8 }}
      {{- end }}
      {{- with include "exporter.env" . | trim }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 9355
      {{- with .Values.livenessProbe }}
      livenessProbe:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.readinessProbe }}
      readinessProbe:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "exporter.volumeMounts" . | trim }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- with include "exporter.volumes" . | trim }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end }}
