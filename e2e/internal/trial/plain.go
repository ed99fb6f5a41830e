package trial

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Plain is the server of the chart's pods without aku, as its image starts it. Volumes of claims keep their
// names.
func Plain(set appsv1.StatefulSet) corev1.PodSpec {
	pod := *set.Spec.Template.Spec.DeepCopy()
	akus := []string{"aku-bin", "aku-run", "aku-api", "recover", "initdb"}
	ofChart := []string{"ALTIBASE_ADMIN_MODE", "ALTIBASE_REPLICATION_LOCK_TIMEOUT"}
	server := pod.Containers[slices.IndexFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == Database })]
	server.Env = slices.DeleteFunc(server.Env, func(e corev1.EnvVar) bool {
		return strings.HasPrefix(e.Name, "AKU_") || slices.Contains(ofChart, e.Name)
	})
	server.Lifecycle, server.StartupProbe = nil, nil
	server.VolumeMounts = slices.DeleteFunc(server.VolumeMounts, func(m corev1.VolumeMount) bool { return slices.Contains(akus, m.Name) })
	return corev1.PodSpec{
		EnableServiceLinks:           new(false),
		AutomountServiceAccountToken: new(false),
		SecurityContext:              pod.SecurityContext,
		ImagePullSecrets:             pod.ImagePullSecrets,
		NodeSelector:                 pod.NodeSelector,
		Tolerations:                  pod.Tolerations,
		Containers:                   []corev1.Container{server},
		Volumes:                      slices.DeleteFunc(pod.Volumes, func(v corev1.Volume) bool { return slices.Contains(akus, v.Name) }),
	}
}

// PlainServers are servers without aku, each in a pod of its own. Clients reach them as NAME.servers.
type PlainServers struct {
	Password        string // of SYS
	Port            int
	ReplicationPort int
	space           *Space
	set             appsv1.StatefulSet
	variables       map[string]string // of the environment, at every start from now on
	copied          map[string]bool   // servers with a copy of their volumes
}

const (
	plainService = "servers"
	plainLimit   = 3 * time.Minute // for a server to start or to end
)

// Host is the host name of a server.
func (p *PlainServers) Host(name string) string { return name + "." + plainService }

// Plain prepares servers, and starts none.
func (s *Space) Plain(ctx context.Context) (*PlainServers, error) {
	p := &PlainServers{space: s, variables: map[string]string{}, copied: map[string]bool{}}
	var err error
	if p.set, err = s.StatefulSet(ctx); err != nil {
		return nil, err
	}
	for _, port := range p.server().Ports {
		switch port.Name {
		case "altibase":
			p.Port = int(port.ContainerPort)
		case "replication":
			p.ReplicationPort = int(port.ContainerPort)
		}
	}
	first, err := s.cluster.FirstPassword()
	if err != nil {
		return nil, err
	}
	p.Password = cmp.Or(first, "Only-4-tests")
	return p, s.create(ctx,
		corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: release + "-auth"},
			StringData: map[string]string{"password": p.Password},
		},
		corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Name: plainService},
			Spec: corev1.ServiceSpec{
				ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true, Selector: map[string]string{"app": plainService},
				Ports: []corev1.ServicePort{{Name: "altibase", Port: int32(p.Port)}},
			},
		})
}

func (p *PlainServers) server() corev1.Container { return Plain(p.set).Containers[0] }

// claimOf is the name of a server's claim.
func claimOf(name, volume string) string { return volume + "-" + name }

// Create creates the volumes of a server and starts it.
func (p *PlainServers) Create(ctx context.Context, name string) error {
	for _, claim := range p.set.Spec.VolumeClaimTemplates {
		claim.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}
		claim.ObjectMeta = metav1.ObjectMeta{Name: claimOf(name, claim.Name)}
		if err := p.space.create(ctx, claim); err != nil {
			return err
		}
	}
	return p.start(ctx, name, nil)
}

// Restart starts an ended server on its volumes, with further properties.
func (p *PlainServers) Restart(ctx context.Context, name string, properties map[string]string) error {
	if err := p.remove(ctx, name); err != nil {
		return err
	}
	return p.start(ctx, name, properties)
}

// remove removes the pod of an ended server, where there still is one.
func (p *PlainServers) remove(ctx context.Context, name string) error {
	if _, exists := p.space.Pods()[name]; !exists {
		return nil
	}
	if err := p.AwaitEnd(ctx, name); err != nil {
		return err
	}
	if err := p.space.DeleteByForce(ctx, name); err != nil {
		return err
	}
	return p.space.AwaitGone(ctx, plainLimit, name)
}

// Set gives servers a variable of their environment. They end as by kill -9, and start again with it.
func (p *PlainServers) Set(ctx context.Context, variable, value string, names ...string) error {
	p.variables[variable] = value
	var group errgroup.Group
	for _, name := range names {
		group.Go(func() error {
			if err := p.end(ctx, name); err != nil {
				return err
			}
			return p.Restart(ctx, name, nil)
		})
	}
	return group.Wait()
}

// end kills a server that has not ended.
func (p *PlainServers) end(ctx context.Context, name string) error {
	if pod, exists := p.space.Pods()[name]; !exists || Container(pod, Database).State.Terminated != nil {
		return nil
	}
	return p.Kill(ctx, name)
}

// Kill kills a server. Its pod and address stay, and nobody listens there any more.
func (p *PlainServers) Kill(ctx context.Context, name string) error {
	if err := p.space.Kill(ctx, name, Database); err != nil {
		return err
	}
	return p.AwaitEnd(ctx, name)
}

// AwaitEnd waits until a server has ended, also by its own shutdown.
func (p *PlainServers) AwaitEnd(ctx context.Context, name string) error {
	return p.space.AwaitPods(ctx, plainLimit, "the end of the server "+name, func(pods Pods) string {
		if Container(pods[name], Database).State.Terminated == nil {
			return pods.Describe(name)
		}
		return ""
	})
}

func (p *PlainServers) start(ctx context.Context, name string, properties map[string]string) error {
	spec := Plain(p.set)
	spec.Hostname, spec.Subdomain = name, plainService
	spec.RestartPolicy = corev1.RestartPolicyNever
	spec.TerminationGracePeriodSeconds = new(int64(1))
	server := &spec.Containers[0]
	variables := maps.Clone(p.variables)
	for property, value := range properties {
		variables["ALTIBASE_"+property] = value
	}
	for variable, value := range variables {
		server.Env = slices.DeleteFunc(server.Env, func(e corev1.EnvVar) bool { return e.Name == variable })
		server.Env = append(server.Env, corev1.EnvVar{Name: variable, Value: value})
	}
	// A starting server connects to its peers, which then connect back. By then its name must lead to the new
	// address.
	spec.InitContainers = []corev1.Container{{
		Name: "await-address", Image: p.space.cluster.Images.Client, Command: []string{clientProgram, "await-address", p.Host(name), "$(ADDRESS)"},
		Env: []corev1.EnvVar{{Name: "ADDRESS", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}}},
	}}
	// Without a further container, the address would disappear with the server.
	spec.Containers = append(spec.Containers, corev1.Container{
		Name: "keeper", Image: p.space.cluster.Images.Client, Command: []string{clientProgram, "wait"},
	})
	for _, claim := range p.set.Spec.VolumeClaimTemplates {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: claim.Name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claimOf(name, claim.Name)},
		}})
	}
	err := p.space.Run(ctx, corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": plainService}},
		Spec:       spec,
	})
	if err != nil {
		return err
	}
	_, err = p.space.AwaitRunning(ctx, plainLimit, name, Database)
	return err
}

// create makes objects.
func (s *Space) create(ctx context.Context, objects ...any) error {
	manifest, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return err
	}
	if _, err := s.kubectl(ctx, manifest, "create", "-f", "-"); err != nil {
		return fmt.Errorf("make what the servers need: %w", err)
	}
	return nil
}
