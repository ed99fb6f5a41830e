package trial

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Anew ends a server, removes its volumes and starts it on new ones.
func (p *PlainServers) Anew(ctx context.Context, name string) error {
	if err := p.end(ctx, name); err != nil {
		return err
	}
	if err := p.remove(ctx, name); err != nil {
		return err
	}
	for _, claim := range p.set.Spec.VolumeClaimTemplates {
		if _, err := p.space.kubectl(ctx, nil, "delete", "pvc", claimOf(name, claim.Name)); err != nil {
			return err
		}
	}
	return p.Create(ctx, name)
}

// Copy copies the volumes of an ended server. Its pod is removed.
func (p *PlainServers) Copy(ctx context.Context, name string) error {
	if err := p.remove(ctx, name); err != nil {
		return err
	}
	for _, claim := range p.set.Spec.VolumeClaimTemplates {
		from := claimOf(name, claim.Name)
		if !p.copied[name] {
			claim.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"}
			claim.ObjectMeta = metav1.ObjectMeta{Name: copyOfClaim(from)}
			if err := p.space.create(ctx, claim); err != nil {
				return err
			}
		}
		if err := p.replace(ctx, copyOfClaim(from), from); err != nil {
			return err
		}
	}
	p.copied[name] = true
	return nil
}

// PutBack restores that copy. The server has ended.
func (p *PlainServers) PutBack(ctx context.Context, name string) error {
	if err := p.remove(ctx, name); err != nil {
		return err
	}
	for _, claim := range p.set.Spec.VolumeClaimTemplates {
		to := claimOf(name, claim.Name)
		if err := p.replace(ctx, to, copyOfClaim(to)); err != nil {
			return err
		}
	}
	return nil
}

func copyOfClaim(claim string) string { return claim + "-copy" }

// replace replaces the content of a claim by that of another one. Its pod does not stay, because a claim is
// in use as long as its pod is there.
func (p *PlainServers) replace(ctx context.Context, claim, from string) error {
	const pod = "replace"
	if err := p.space.replace(ctx, pod, claim, from); err != nil {
		return err
	}
	if err := p.space.DeletePods(ctx, pod); err != nil {
		return err
	}
	return p.space.AwaitGone(ctx, plainLimit, pod)
}
